/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_OPTIONS_H
#define ACCT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The words after pam_ttyacct.so, and after `ttyacct --pam`: pam_ttyacct(8). Pure. */

enum mark_kind {
	MARK_NONE,
	MARK_UID,
	MARK_GID,
	MARK_NUMBER,
};

struct options {
	const char *ledger, *rundir, *service;
	const char *on_open, *on_close; /* NULL: no hook */
	unsigned hook_seconds;
	uint16_t zone;
	enum mark_kind mark;
	uint32_t mark_number;
	bool required, debug;
};

/*
 * Sets the defaults, then reads the words; strings stay the caller's. `complain` is called
 * with each word that is wrong and what is wrong with it. Returns the number of wrong words.
 */
int options_parse(struct options *o, int argc, const char **argv,
    void (*complain)(void *data, const char *word, const char *why), void *data);

/* The mark for this user; false when there is none to set. */
bool options_mark(const struct options *o, uid_t uid, gid_t gid, uint32_t *mark);

#endif
