/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_CATALOG_H
#define REPLAY_CATALOG_H

#include "replay/summary.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

/* Which recordings: those below the directories, or named, that fit the filters. For --list, --search and --prune. */

struct catalog_filter {
	const char *user; /* name or uid */
	const char
	    *from; /* part of the address, or a network as in 192.0.2.0/24 or 2001:db8::/32 */
	const char *terminal; /* pts/3, or a part of it */
	const char *session;
	int state;                /* -1: any */
	int64_t since_s, until_s; /* the session ran at some time in [since, until); -1: no limit */
};

#define CATALOG_FILTER_INIT                                                                        \
	{                                                                                          \
		.state = -1, .since_s = -1, .until_s = -1                                          \
	}

/* getopt_long's part of it, to be put into a verb's own table. */
enum {
	CATALOG_USER = 512,
	CATALOG_FROM,
	CATALOG_TERMINAL,
	CATALOG_SESSION,
	CATALOG_STATE,
	CATALOG_SINCE,
	CATALOG_UNTIL
};
#define CATALOG_OPTIONS                                                                            \
	{"user", required_argument, NULL, CATALOG_USER},                                           \
	    {"address", required_argument, NULL, CATALOG_FROM},                                    \
	    {"terminal", required_argument, NULL, CATALOG_TERMINAL},                               \
	    {"session", required_argument, NULL, CATALOG_SESSION},                                 \
	    {"state", required_argument, NULL, CATALOG_STATE},                                     \
	    {"since", required_argument, NULL, CATALOG_SINCE},                                     \
	{                                                                                          \
		"until", required_argument, NULL, CATALOG_UNTIL                                    \
	}

/* Returns 1 when c was one of these and right, 0 when it is none of these, -1 when the argument is wrong (said why). */
int catalog_option(struct catalog_filter *, int c, const char *argument);

bool catalog_fits(const struct catalog_filter *, const struct summary *);

/* The address (with or without a port) is in the network, or holds the text. */
bool catalog_address_fits(const char *address, const char *wanted);

struct catalog {
	struct summary *items; /* in order of their start */
	size_t n, size;
	unsigned long
	    unreadable; /* files that are called recordings and are none, or may not be opened */
	unsigned long opened;
	bool count; /* ask for counts */
};

/*
 * Adds the recordings at paths (files and directories; none given: locate.h's directories) that fit. Returns 0, or
 * -errno when a path given, or every directory, cannot be read; then *wrong names it.
 */
int catalog_read(struct catalog *, char *const *paths, int n_paths, const struct catalog_filter *,
    const char **wrong);
void catalog_clear(struct catalog *);

/* Whether a file name is that of a recording. */
bool catalog_is_name(const char *name);

#endif
