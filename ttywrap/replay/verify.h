/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_VERIFY_H
#define REPLAY_VERIFY_H

#include "common/seal.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Is a recording what was recorded? Whatever stands in the way of a yes is a no: a file without
 * seals, one that can't be read, a seal that the audit trail doesn't have.
 */

/* The numbers are ttywrap's exit statuses. */
enum verify_verdict {
	VERIFY_INTACT = 0, /* closed, every seal right */
	VERIFY_TORN =
	    1, /* every seal right, but the end is missing: cut off, or still being written */
	VERIFY_TROUBLE = 2, /* could not be read, or was never sealed */
	VERIFY_ALTERED = 3, /* not what was sealed */
	VERIFY_UNPROVEN =
	    4, /* fine by itself, but the audit trail doesn't have it; or a recording is missing */
};

struct verify {
	enum verify_verdict verdict;
	char text[512]; /* one line, printable: what was found, and where */
	char recording[SEAL_NAME_MAX +
		       1];  /* the name it was recorded under; "" when there is none */
	struct seal *seals; /* the right ones, in order */
	size_t nseals;
};

/* The worse of the two: altered, unproven, trouble, torn, intact. */
enum verify_verdict verify_worse(enum verify_verdict a, enum verify_verdict b);

/* Reads the recording to its end. Takes fd over. name is for messages, and for a recording that
 * doesn't know its own. */
void verify_file(struct verify *v, int fd, const char *name);
void verify_clear(struct verify *v);

/* The rest of ttywrap --verify; main's arguments, where --verify itself may stand or not. Returns
 * the exit status. */
int verify_main(int argc, char **argv);

#endif
