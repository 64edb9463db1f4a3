/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_JSON_OUT_H
#define REPLAY_JSON_OUT_H

#include "replay/buffer.h"

#include <stdint.h>

/* JSON, written. Strings may hold anything: bytes that are no UTF-8 become U+FFFD, control characters are escaped. */

void json_string(struct buffer *, const char *text, size_t len);
/* "key": "text", with a comma in front when something other than '{' or '[' stands there. */
void json_member(struct buffer *, const char *key, const char *text);
void json_key(struct buffer *, const char *key);
void json_number(struct buffer *, const char *key, int64_t n);
void json_seconds(struct buffer *, const char *key, int64_t ns);

#endif
