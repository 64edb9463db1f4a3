/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, the ordinary user's program. Distrusts the audit log, which holds text from everywhere,
 * as a format. */
#include "replay/verify_audit.h"

#include "replay/cast_input.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 65536 /* the kernel's records end at 8970 bytes */

struct known {
	char rec[SEAL_NAME_MAX + 1];
	struct seal *seals; /* as they came */
	size_t nseals, room;
	int is_conflicting; /* two seals of one number, and not the same */
	int is_pruned, is_found;
};

struct verify_audit {
	void *tree; /* struct known by rec, tsearch(3) */
	struct known **list;
	size_t n, room;
	size_t malformed;
};

static int
known_compare(const void *a, const void *b)
{
	return strcmp(((const struct known *)a)->rec, ((const struct known *)b)->rec);
}

static struct known *
known_find(const struct verify_audit *a, const char *rec)
{
	struct known key;
	struct known **hit;

	if (strlen(rec) >= sizeof key.rec)
		return NULL;
	memcpy(key.rec, rec, strlen(rec) + 1);
	hit = tfind(&key, &a->tree, known_compare);
	return hit ? *hit : NULL;
}

/* Finds or makes it. NULL: no memory. */
static struct known *
known_get(struct verify_audit *a, const char *rec)
{
	struct known *k = known_find(a, rec);

	if (k)
		return k;
	if (a->n == a->room) {
		size_t room = a->room ? a->room * 2 : 64;
		struct known **grown = realloc(a->list, room * sizeof(struct known *));

		if (!grown)
			return NULL;
		a->list = grown;
		a->room = room;
	}
	k = calloc(1, sizeof *k);
	if (!k)
		return NULL;
	snprintf(k->rec, sizeof k->rec, "%s", rec);
	if (!tsearch(k, &a->tree, known_compare)) {
		free(k);
		return NULL;
	}
	a->list[a->n++] = k;
	return k;
}

static struct seal *
seal_find(const struct known *k, uint32_t number)
{
	for (size_t i = 0; i < k->nseals; i++)
		if (k->seals[i].number == number)
			return &k->seals[i];
	return NULL;
}

static int
seal_is_same(const struct seal *a, const struct seal *b)
{
	return a->offset == b->offset && a->is_last == b->is_last && strcmp(a->hash, b->hash) == 0;
}

/* The trail may hold a record twice (two logs put together), but not two different ones. */
static int
known_seal(struct known *k, const struct seal *seal)
{
	const struct seal *before = k->nseals > 0 && k->seals[k->nseals - 1].number < seal->number
					? NULL
					: seal_find(k, seal->number);

	if (before) {
		k->is_conflicting |= !seal_is_same(before, seal);
		return 0;
	}
	if (k->nseals == k->room) {
		size_t room = k->room ? k->room * 2 : 4;
		struct seal *grown = realloc(k->seals, room * sizeof *grown);

		if (!grown)
			return -ENOMEM;
		k->seals = grown;
		k->room = room;
	}
	k->seals[k->nseals++] = *seal;
	return 0;
}

/* rec= of any other record of ours. Returns 1 with rec filled, 0 for a line that isn't one. */
static int
other_record(char rec[SEAL_NAME_MAX + 1], int *is_prune, const char *line, size_t n)
{
	static const char key[] = "msg='op=ttywrap-", field[] = " rec=", prune[] = "prune ";
	const char *p = memmem(line, n, "msg='", 5), *end = line + n, *from;
	size_t len = 0;

	if (!p || (size_t)(end - p) < sizeof key - 1 || memcmp(p, key, sizeof key - 1) != 0)
		return 0;
	p += sizeof key - 1;
	*is_prune = (size_t)(end - p) > sizeof prune - 1 && memcmp(p, prune, sizeof prune - 1) == 0;
	from = memmem(p, (size_t)(end - p), field, sizeof field - 1);
	if (!from)
		return 0;
	from += sizeof field - 1;
	while (from + len < end && from[len] > ' ' && from[len] != '\'')
		len++;
	if (len == 0 || len > SEAL_NAME_MAX)
		return 0;
	memcpy(rec, from, len);
	rec[len] = '\0';
	return 1;
}

static int
audit_line(struct verify_audit *a, const char *line, size_t n)
{
	char rec[SEAL_NAME_MAX + 1];
	int is_prune = 0, got;
	struct seal seal;
	struct known *k;

	got = seal_audit_parse(&seal, rec, line, n);
	if (got < 0) {
		a->malformed++;
		return 0;
	}
	if (!got && !other_record(rec, &is_prune, line, n))
		return 0;
	k = known_get(a, rec);
	if (!k)
		return -ENOMEM;
	k->is_pruned |= is_prune;
	return got ? known_seal(k, &seal) : 0;
}

struct verify_audit *
verify_audit_new(int fd)
{
	struct cast_input *input = cast_input_new(fd, LINE_MAX_BYTES);
	struct verify_audit *a = calloc(1, sizeof *a);
	struct cast_line line;
	int got = a && input ? 1 : -ENOMEM;

	while (got == 1 || got == -EMSGSIZE) {
		got = cast_input_line(input, &line);
		if (got == 1 && audit_line(a, line.text, line.len))
			got = -ENOMEM;
	}
	if (got == 0) {
		line = cast_input_rest(input);
		if (line.len > 0)
			got = audit_line(a, line.text, line.len);
	}
	cast_input_free(input);
	if (got == 0)
		return a;
	verify_audit_free(a);
	errno = -got;
	return NULL;
}

static void
keep_node(void *node)
{
	(void)node;
}

void
verify_audit_free(struct verify_audit *a)
{
	if (!a)
		return;
	tdestroy(a->tree, keep_node);
	for (size_t i = 0; i < a->n; i++) {
		free(a->list[i]->seals);
		free(a->list[i]);
	}
	free(a->list);
	free(a);
}

size_t
verify_audit_malformed(const struct verify_audit *a)
{
	return a->malformed;
}

/* Replaces the verdict by a worse one, and puts why in front of what was found. */
__attribute__((format(printf, 3, 4))) static void
overrule(struct verify *v, enum verify_verdict verdict, const char *fmt, ...)
{
	char found[sizeof v->text], why[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	memcpy(found, v->text, sizeof found);
	v->verdict = verify_worse(v->verdict, verdict);
	snprintf(v->text, sizeof v->text, "%s (the file by itself: %.300s)", why, found);
}

/*
 * Each hash is over everything before it, so the trail's highest seal proves all up to there, and
 * lower ones that the trail lacks (a rotated log) are no loss. A higher one than the file's means
 * that the file was cut.
 */
static void
compare_seals(const struct known *k, struct verify *v)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < k->nseals; i++) {
		const struct seal *want = &k->seals[i];

		if (want->number > highest)
			highest = want->number;
		if (want->number <= v->nseals && !seal_is_same(want, &v->seals[want->number - 1])) {
			overrule(v, VERIFY_ALTERED,
			    "ALTERED: seal %" PRIu32 " is another one in the audit trail",
			    want->number);
			return;
		}
	}
	if (highest > v->nseals)
		overrule(v, VERIFY_ALTERED,
		    "ALTERED: the audit trail has %" PRIu32
		    " seals of it, the file ends behind seal %zu",
		    highest, v->nseals);
	else if (highest < v->nseals)
		overrule(v, VERIFY_UNPROVEN,
		    "not proved: the audit trail ends with seal %" PRIu32 " of %zu", highest,
		    v->nseals);
	else if (highest > 0)
		snprintf(v->text + strlen(v->text), sizeof v->text - strlen(v->text),
		    "; the audit trail agrees");
}

void
verify_audit_compare(struct verify_audit *a, struct verify *v)
{
	struct known *k = known_find(a, v->recording);

	if (k)
		k->is_found = 1;
	if (v->verdict != VERIFY_INTACT && v->verdict != VERIFY_TORN)
		return;
	if (!k)
		overrule(v, VERIFY_UNPROVEN, "not proved: the audit trail doesn't know it");
	else if (k->is_conflicting)
		overrule(v, VERIFY_UNPROVEN,
		    "not proved: the audit trail has two different seals of one number");
	else
		compare_seals(k, v);
}

size_t
verify_audit_missing(
    const struct verify_audit *a, void (*missing)(const char *rec, size_t seals, int closed))
{
	size_t count = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct known *k = a->list[i];

		if (k->is_found || k->is_pruned)
			continue;
		missing(k->rec, k->nseals, k->nseals > 0 && k->seals[k->nseals - 1].is_last);
		count++;
	}
	return count;
}
