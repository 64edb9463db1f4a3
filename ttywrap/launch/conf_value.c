/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Launcher (before the monitor's loop) and ttywrap-check. Pure. The values come from a file that
 * only root can write, so they are not hostile; they may well be mistyped.
 */
#include "launch/conf_value.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SECOND   UINT64_C(1000000000)
#define DAY      (86400 * SECOND)
#define KIB      UINT64_C(1024)
#define FIELD(f) offsetof(struct conf, f)

static const char *const policy_words[] = {"deny", "allow", NULL};
static const char *const audit_words[] = {"all", "elevated", "none", NULL};
static const char *const input_words[] = {"pty", "kernel", NULL};
static const char *const record_words[] = {"output", "input", NULL};
static const char *const compress_words[] = {"none", "zstd", NULL};
static const char *const fsync_words[] = {"none", "seal", "always", NULL};
static const char *const cap_words[] = {"end_session", "stop_output", NULL};
static const char *const yes_words[] = {"no", "yes", NULL};

const struct conf_setting conf_settings[CONF_IDS] = {
    [CONF_ID_SHELL] = {"shell", CONF_PATH, FIELD(shell)},
    [CONF_ID_ON_FAILURE] = {"on_failure", CONF_WORD, FIELD(on_failure), policy_words},
    [CONF_ID_ON_FAILURE_AUDIT] = {"on_failure_audit", CONF_WORD, FIELD(on_failure_audit),
	policy_words},
    [CONF_ID_ON_FAILURE_RECORDING] = {"on_failure_recording", CONF_WORD,
	FIELD(on_failure_recording), policy_words},
    [CONF_ID_AUDIT] = {"audit", CONF_WORD, FIELD(audit), audit_words},
    [CONF_ID_INPUT] = {"input", CONF_WORD, FIELD(input), input_words},
    [CONF_ID_AUDIT_RATE] = {"audit_rate", CONF_COUNT, FIELD(audit_rate), NULL, 1, 100000},
    [CONF_ID_AUDIT_CAP] = {"audit_cap", CONF_COUNT, FIELD(audit_cap), NULL, 1, 1000000000},
    [CONF_ID_SECRET_PROGRAMS] = {"secret_programs", CONF_NAMES},
    [CONF_ID_SECRET_PROMPT] = {"secret_prompt", CONF_PATTERN},
    [CONF_ID_RECORD] = {"record", CONF_FLAGS, FIELD(record), record_words},
    [CONF_ID_RECORD_NO_TTY] = {"record_no_tty", CONF_WORD, FIELD(record_no_tty), yes_words},
    [CONF_ID_WATCH_OWN] = {"watch_own", CONF_WORD, FIELD(watch_own), yes_words},
    [CONF_ID_SEAL_INTERVAL] = {"seal_interval", CONF_DURATION, FIELD(seal_interval_ns), NULL,
	SECOND, 3600 * SECOND},
    [CONF_ID_SEAL_BYTES] = {"seal_bytes", CONF_SIZE, FIELD(seal_bytes), NULL, 64 * KIB,
	KIB *KIB *KIB},
    [CONF_ID_COMPRESS] = {"compress", CONF_WORD, FIELD(compress), compress_words},
    [CONF_ID_FSYNC] = {"fsync", CONF_WORD, FIELD(fsync), fsync_words},
    [CONF_ID_MAX_RECORDING] = {"max_recording", CONF_SIZE, FIELD(max_recording), NULL, KIB *KIB,
	KIB *KIB *KIB *KIB},
    [CONF_ID_MAX_DIRECTORY] = {"max_directory", CONF_SIZE, FIELD(max_directory), NULL, KIB *KIB,
	KIB *KIB *KIB *KIB *KIB},
    [CONF_ID_AT_CAP] = {"at_cap", CONF_WORD, FIELD(at_cap), cap_words},
    [CONF_ID_RETAIN] = {"retain", CONF_DURATION, FIELD(retain_ns), NULL, 3600 * SECOND,
	UINT64_C(36500) * DAY},
    [CONF_ID_RETAIN_SIZE] = {"retain_size", CONF_SIZE, FIELD(retain_size), NULL, KIB *KIB,
	KIB *KIB *KIB *KIB *KIB},
    [CONF_ID_ACCOUNTING] = {"accounting", CONF_WORD, FIELD(accounting), yes_words},
    [CONF_ID_MARK] = {"mark", CONF_MARK},
};

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {{"", 1}, {"K", KIB}, {"M", KIB *KIB}, {"G", KIB *KIB *KIB},
    {"T", KIB *KIB *KIB *KIB}, {NULL, 0}};
static const struct unit duration_units[] = {{"ms", SECOND / 1000}, {"s", SECOND},
    {"min", 60 * SECOND}, {"h", 3600 * SECOND}, {"d", DAY}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

const struct conf_setting *
conf_setting_find(const char *name)
{
	for (size_t i = 0; i < CONF_IDS; i++)
		if (strcmp(conf_settings[i].name, name) == 0)
			return &conf_settings[i];
	return NULL;
}

static void *
field_of(struct conf *c, const struct conf_setting *s)
{
	return (char *)c + s->offset;
}

/* Decimal digits, then one of the units, nothing else. 0, -EINVAL, or -ERANGE past 64 bits. */
static int
number_parse(const char *text, const struct unit *units, uint64_t *value)
{
	uint64_t n = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return -ERANGE;
	if (p == text)
		return -EINVAL;
	while (*p == ' ')
		p++;
	for (; units->name != NULL; units++)
		if (strcmp(units->name, p) == 0)
			return __builtin_mul_overflow(n, units->factor, value) ? -ERANGE : 0;
	return -EINVAL;
}

/* The largest unit that gives a whole number. */
static void
number_format(uint64_t n, const struct unit *units, char *out, size_t size)
{
	const struct unit *best = units;

	for (; units->name != NULL; units++)
		if (n % units->factor == 0)
			best = units;
	snprintf(out, size, "%llu%s", (unsigned long long)(n / best->factor), best->name);
}

static const struct unit *
units_of(const struct conf_setting *s)
{
	return s->type == CONF_SIZE       ? size_units
	       : s->type == CONF_DURATION ? duration_units
					  : no_units;
}

static int
number_set(struct conf *c, const struct conf_setting *s, const char *text, char *why, size_t size)
{
	uint64_t n = 0;
	char least[32], most[32];

	if (strcmp(text, "none") != 0 &&
	    (number_parse(text, units_of(s), &n) != 0 || n < s->min || n > s->max)) {
		number_format(s->min, units_of(s), least, sizeof least);
		number_format(s->max, units_of(s), most, sizeof most);
		snprintf(why, size, "%s from %s to %s, or none",
		    s->type == CONF_SIZE       ? "a size (K, M, G, T: powers of 1024)"
		    : s->type == CONF_DURATION ? "a time (ms, s, min, h, d)"
					       : "a whole number",
		    least, most);
		return -EINVAL;
	}
	if (s->type == CONF_SIZE)
		*(uint64_t *)field_of(c, s) = n;
	else if (s->type == CONF_DURATION)
		*(int64_t *)field_of(c, s) = (int64_t)n;
	else
		*(unsigned *)field_of(c, s) = (unsigned)n;
	return 0;
}

/* Index in words, or -1. */
static int
word_find(const char *const *words, const char *text, size_t len)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0)
			return i;
	return -1;
}

/* Appends to what has n bytes so far; the length goes on counting when out is full, as in snprintf.
 */
static size_t
append(char *out, size_t size, size_t n, const char *between, const char *text)
{
	int more = snprintf(
	    n < size ? out + n : NULL, n < size ? size - n : 0, "%s%s", n > 0 ? between : "", text);

	return n + (size_t)(more > 0 ? more : 0);
}

static void
words_list(const char *const *words, const char *start, const char *end, char *why, size_t size)
{
	size_t n = append(why, size, 0, "", start);

	for (size_t i = 0; words[i] != NULL; i++)
		n = append(why, size, n, i > 0 ? ", " : "", words[i]);
	append(why, size, n, "", end);
}

static int
word_set(struct conf *c, const struct conf_setting *s, const char *text, char *why, size_t size)
{
	int i = word_find(s->words, text, strlen(text));

	if (i < 0) {
		words_list(s->words, "one of ", "", why, size);
		return -EINVAL;
	}
	*(unsigned *)field_of(c, s) = (unsigned)i;
	return 0;
}

/* Steps over one item of a list; blanks and commas part them. Returns its length, 0 at the end. */
static size_t
item_next(const char **p)
{
	*p += strspn(*p, ", \t");
	return strcspn(*p, ", \t");
}

static int
flags_set(struct conf *c, const struct conf_setting *s, const char *text, char *why, size_t size)
{
	unsigned flags = 0;
	bool none = strcmp(text, "none") == 0;
	size_t len;

	for (const char *p = text; !none && (len = item_next(&p)) > 0; p += len) {
		int i = word_find(s->words, p, len);

		if (i < 0) {
			flags = 0;
			break;
		}
		flags |= 1u << i;
	}
	if (flags == 0 && !none) {
		words_list(s->words, "some of ", ", or none", why, size);
		return -EINVAL;
	}
	*(unsigned *)field_of(c, s) = flags;
	return 0;
}

static int
path_set(struct conf *c, const struct conf_setting *s, const char *text, char *why, size_t size)
{
	if (text[0] != '/' || strpbrk(text, " \t") != NULL) {
		snprintf(why, size, "an absolute path, without blanks");
		return -EINVAL;
	}
	/* The parser's line is shorter than the field. */
	snprintf(field_of(c, s), CONF_VALUE_MAX, "%s", text);
	return 0;
}

static int
mark_set(struct conf *c, const char *text, char *why, size_t size)
{
	static const char *const words[] = {"none", "uid", "gid", NULL};
	int i = word_find(words, text, strlen(text));
	uint64_t n = 0;

	/* A mark of 0 is what an unmarked connection has. */
	if (i < 0 && (number_parse(text, no_units, &n) != 0 || n < 1 || n > UINT32_MAX)) {
		words_list(words, "one of ", ", or a number from 1 to 4294967295", why, size);
		return -EINVAL;
	}
	c->mark = i < 0 ? CONF_MARK_NUMBER : (unsigned)i;
	c->mark_number = (uint32_t)n;
	return 0;
}

static int
names_add(struct conf *c, const char *text, char *why, size_t size)
{
	size_t len;

	for (const char *p = text; (len = item_next(&p)) > 0; p += len) {
		if (len >= CONF_PROGRAM_SIZE) {
			snprintf(why, size,
			    "names of at most %d bytes, as in /proc/PID/comm: '%.*s'",
			    CONF_PROGRAM_SIZE - 1, CONF_PROGRAM_SIZE - 1, p);
			return -EINVAL;
		}
		if (c->secret_programs_n == CONF_PROGRAMS) {
			snprintf(why, size, "at most %d names for one session", CONF_PROGRAMS);
			return -EINVAL;
		}
		memcpy(c->secret_programs[c->secret_programs_n], p, len);
		c->secret_programs[c->secret_programs_n++][len] = '\0';
	}
	return 0;
}

static int
pattern_add(struct conf *c, const char *text, char *why, size_t size)
{
	if (c->secret_prompt_n == CONF_PROMPTS) {
		snprintf(why, size, "at most %d patterns for one session", CONF_PROMPTS);
		return -EINVAL;
	}
	snprintf(c->secret_prompt[c->secret_prompt_n++], CONF_VALUE_MAX, "%s", text);
	return 0;
}

int
conf_value_set(
    struct conf *c, const struct conf_setting *s, const char *text, char *why, size_t size)
{
	if (text[0] == '\0') {
		snprintf(why, size, "a value behind the '='");
		return -EINVAL;
	}
	switch (s->type) {
	case CONF_PATH:
		return path_set(c, s, text, why, size);
	case CONF_WORD:
		return word_set(c, s, text, why, size);
	case CONF_FLAGS:
		return flags_set(c, s, text, why, size);
	case CONF_COUNT:
	case CONF_SIZE:
	case CONF_DURATION:
		return number_set(c, s, text, why, size);
	case CONF_MARK:
		return mark_set(c, text, why, size);
	case CONF_NAMES:
		return names_add(c, text, why, size);
	case CONF_PATTERN:
		return pattern_add(c, text, why, size);
	}
	return -EINVAL;
}

static uint64_t
number_of(const struct conf *c, const struct conf_setting *s)
{
	const char *field = (const char *)c + s->offset;

	return s->type == CONF_SIZE       ? *(const uint64_t *)field
	       : s->type == CONF_DURATION ? (uint64_t) * (const int64_t *)field
					  : *(const unsigned *)field;
}

static size_t
flags_format(unsigned flags, const char *const *words, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; words[i] != NULL; i++)
		if ((flags & 1u << i) != 0)
			n = append(out, size, n, ", ", words[i]);
	return n > 0 ? n : append(out, size, 0, "", "none");
}

static size_t
list_format(
    const char *items, size_t item_size, size_t count, const char *between, char *out, size_t size)
{
	size_t n = append(out, size, 0, "", "");

	for (size_t i = 0; i < count; i++)
		n = append(out, size, n, between, items + i * item_size);
	return n;
}

size_t
conf_value_format(const struct conf *c, const struct conf_setting *s, char *out, size_t size)
{
	static const char *const marks[] = {"none", "uid", "gid"};
	char number[32];

	switch (s->type) {
	case CONF_PATH:
		return append(out, size, 0, "", c->shell);
	case CONF_WORD:
		return append(out, size, 0, "", s->words[number_of(c, s)]);
	case CONF_FLAGS:
		return flags_format((unsigned)number_of(c, s), s->words, out, size);
	case CONF_COUNT:
	case CONF_SIZE:
	case CONF_DURATION:
		number_format(number_of(c, s), units_of(s), number, sizeof number);
		return append(out, size, 0, "", number_of(c, s) == 0 ? "none" : number);
	case CONF_MARK:
		snprintf(number, sizeof number, "%u", c->mark_number);
		return append(
		    out, size, 0, "", c->mark == CONF_MARK_NUMBER ? number : marks[c->mark]);
	case CONF_NAMES:
		return list_format(c->secret_programs[0], CONF_PROGRAM_SIZE, c->secret_programs_n,
		    ", ", out, size);
	case CONF_PATTERN:
		return list_format(
		    c->secret_prompt[0], CONF_VALUE_MAX, c->secret_prompt_n, " | ", out, size);
	}
	return 0;
}
