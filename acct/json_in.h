/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_JSON_IN_H
#define ACCT_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads JSON word by word, for one-line objects that are mostly flat. Everything returns 0 or
 * -EINVAL, and then `why` says in a few constant words what is wrong.
 */
struct json_in {
	const char *p, *end; /* what is left to read */
	const char *why;
};

/* Sets why and returns -EINVAL. */
int json_wrong(struct json_in *in, const char *why);

void json_skip_space(struct json_in *in);

/* Passes over this character, when it is next after white space. */
bool json_take(struct json_in *in, char c);

/*
 * A string, as UTF-8 with a NUL at its end, max bytes in all. An escape that is no character, or
 * NUL, becomes U+FFFD. With out NULL the string is passed over.
 */
int json_string(struct json_in *in, char *out, size_t max);

/* A whole number from 0 to max. */
int json_number(struct json_in *in, uint64_t max, uint64_t *out);

/* Passes over any value; only strings and brackets are looked at. */
int json_skip_value(struct json_in *in);

#endif
