/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LAUNCH_ENVIRONMENT_H
#define LAUNCH_ENVIRONMENT_H

/*
 * The environment as the caller passed it, with what the loader strips from a
 * set-user-ID program's (ld.so(8), secure-execution mode). It is handed to the
 * real shell and never parsed here.
 */
struct environment {
	char **envp; /* NULL-terminated */
	char *text;  /* what envp points into */
};

/* Returns 0 or -errno; -E2BIG when it does not fit the kernel's own limit. Free with
 * environment_free(). */
int environment_take(struct environment *);
void environment_free(struct environment *);

#endif
