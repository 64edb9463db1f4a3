/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_VERBS_H
#define REPLAY_VERBS_H

/* One a file: what the program does after its first option. Each takes a getopt-style argv and returns an exit status. */

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,  /* a recording is damaged, or nothing was found */
	EXIT_USAGE = 2,   /* the command line is wrong */
	EXIT_NO_FILE = 3, /* a recording, or a directory of them, can't be read */
};

int replay_main(int argc, char **argv);
int list_main(int argc, char **argv);
int search_main(int argc, char **argv);
int export_main(int argc, char **argv);
int prune_main(int argc, char **argv);

/* "ttywrap: …" on standard error, one line; control characters in it are shown as such. Returns status. */
int verb_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "PATH: reason" for -errno. Returns EXIT_NO_FILE. */
int verb_fail_path(const char *path, int error);

#endif
