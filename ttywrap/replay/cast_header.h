/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_CAST_HEADER_H
#define REPLAY_CAST_HEADER_H

#include "replay/cast.h"

struct json_object;

/* A parsed header line. text points into json. */
struct cast_head {
	struct cast_header text;
	struct json_object *json;   /* the whole line, owned */
	struct json_object *fields; /* its "ttywrap" object, or NULL */
};

/* Parses len bytes, the first line of an untrusted file. Returns NULL, or what is wrong as a
 * phrase. */
const char *cast_head_parse(struct cast_head *head, const char *line, size_t len);
void cast_head_clear(struct cast_head *head);

/* A string field of the "ttywrap" object, or NULL. */
const char *cast_head_field(const struct cast_head *head, const char *key);

#endif
