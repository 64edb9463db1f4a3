/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LAUNCH_CONF_VALUE_H
#define LAUNCH_CONF_VALUE_H

#include "launch/conf.h"

/* The table of settings: how the text of a value becomes a field of struct conf, and back. */

enum conf_type {
	CONF_PATH,     /* char[CONF_VALUE_MAX], absolute */
	CONF_WORD,     /* unsigned, the index in words */
	CONF_FLAGS,    /* unsigned, 1 << index in words; "none" = 0 */
	CONF_COUNT,    /* unsigned */
	CONF_SIZE,     /* uint64_t bytes */
	CONF_DURATION, /* int64_t ns */
	CONF_MARK,     /* mark and mark_number */
	CONF_NAMES,    /* secret_programs */
	CONF_PATTERN,  /* secret_prompt */
};

struct conf_setting {
	const char *name;
	enum conf_type type;
	size_t offset;            /* of the field, for the first six types */
	const char *const *words; /* CONF_WORD and CONF_FLAGS: NULL-terminated */
	uint64_t min,
	    max; /* CONF_COUNT, CONF_SIZE (bytes), CONF_DURATION (ns); "none" = 0 is always right */
};

/* CONF_IDS entries, indexed by enum conf_id. */
extern const struct conf_setting conf_settings[];

/* The setting of that name, or NULL. */
const struct conf_setting *conf_setting_find(const char *name);

/*
 * Puts a value into its field; names and patterns are added to what is there. Returns 0, or
 * -EINVAL with why (size bytes) saying what would be right.
 */
int conf_value_set(
    struct conf *, const struct conf_setting *, const char *value, char *why, size_t size);

/*
 * Writes the value that holds as ttywrap.conf would have it; "" for a shell or a list that is not
 * set. Patterns are parted by " | ". Returns the length it has in full, as snprintf does.
 */
size_t conf_value_format(const struct conf *, const struct conf_setting *, char *out, size_t size);

#endif
