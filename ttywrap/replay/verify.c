/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, the ordinary user's program. Distrusts the whole file: somebody may have edited it with
 * care. */
#include "replay/verify.h"

#include "replay/cast.h"
#include "replay/cast_header.h"
#include "replay/cast_input.h"
#include "replay/cast_parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One pass over a file. */
struct pass {
	struct verify *v;
	struct cast_input *input;
	struct blake2b hash;   /* over all whole lines so far */
	uint64_t offset;       /* of the byte behind them */
	uint64_t sealed;       /* of the byte behind the last seal's line */
	int64_t sealed_ns;     /* the last seal's time */
	char status[8];        /* from the 'x' event */
	const char *no_header; /* what is wrong with the first line; NULL: nothing */
	int is_ours;           /* the header says so */
	int is_closed;         /* the last seal has been seen */
};

static const int severity[] = {[VERIFY_INTACT] = 0,
    [VERIFY_TORN] = 1,
    [VERIFY_TROUBLE] = 2,
    [VERIFY_UNPROVEN] = 3,
    [VERIFY_ALTERED] = 4};

enum verify_verdict
verify_worse(enum verify_verdict a, enum verify_verdict b)
{
	return severity[a] > severity[b] ? a : b;
}

/* Returns -1, so that a check can end with it. */
__attribute__((format(printf, 3, 4))) static int
judge(struct verify *v, enum verify_verdict verdict, const char *fmt, ...)
{
	va_list ap;

	v->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(v->text, sizeof v->text, fmt, ap);
	va_end(ap);
	return -1;
}

/* "seal 3 (byte 4711, 12.345 s)", or the beginning of the file. */
static const char *
last_place(const struct pass *p, char text[96])
{
	if (p->v->nseals == 0)
		return "the beginning";
	snprintf(text, 96, "seal %" PRIu32 " (byte %" PRIu64 ", %" PRId64 ".%03" PRId64 " s)",
	    p->v->seals[p->v->nseals - 1].number, p->sealed, p->sealed_ns / 1000000000,
	    p->sealed_ns % 1000000000 / 1000000);
	return text;
}

/* Everything behind the last right seal is in doubt: each hash is over all that comes before it. */
static int
altered(struct pass *p, const char *found, uint64_t at)
{
	char place[96];

	return judge(p->v, VERIFY_ALTERED, "ALTERED behind %s: %s at byte %" PRIu64,
	    last_place(p, place), found, at);
}

static int
seal_keep(struct verify *v, const struct seal *seal)
{
	/* Room for 16, 32, 64 … */
	if (v->nseals == 0 || (v->nseals >= 16 && (v->nseals & (v->nseals - 1)) == 0)) {
		size_t room = v->nseals ? v->nseals * 2 : 16;
		struct seal *grown = realloc(v->seals, room * sizeof *grown);

		if (!grown)
			return judge(v, VERIFY_TROUBLE, "%s", strerror(ENOMEM));
		v->seals = grown;
	}
	v->seals[v->nseals++] = *seal;
	return 0;
}

/* How many bytes of a line the seal in it is over: up to its hash. 0 when the line isn't spelled as
 * a seal is. */
static size_t
seal_reach(const struct cast_line *line)
{
	static const char code[] = ",\"s\",\"", hash[] = " hash=blake2b:";
	const char *data =
	    memmem(line->text, line->len < 64 ? line->len : 64, code, sizeof code - 1);
	const char *found;

	if (!data)
		return 0;
	found = memmem(data, line->len - (size_t)(data - line->text), hash, sizeof hash - 1);
	return found ? (size_t)(found - line->text) + sizeof hash - 1 : 0;
}

/* A seal's line; reach bytes of it are in hash already. The line has not been unescaped. */
static int
seal_check(struct pass *p, const struct cast_line *line, size_t reach)
{
	static const char code[] = ",\"s\",\"";
	const char *data = memmem(line->text, line->len, code, sizeof code - 1);
	size_t head = (size_t)(data - line->text) + sizeof code - 1;
	char hex[BLAKE2B_HEX + 1];
	struct seal seal;

	if (line->len < head + 2 || memcmp(line->text + line->len - 2, "\"]", 2) != 0 ||
	    seal_parse(&seal, line->text + head, line->len - 2 - head))
		return altered(p, "a seal that is no seal", p->offset);
	blake2b_hex(&p->hash, hex);
	if (seal.offset != p->offset + reach || memcmp(hex, seal.hash, BLAKE2B_HEX) != 0)
		return altered(p, "a seal that doesn't fit", p->offset);
	if (seal.number != p->v->nseals + 1)
		return altered(p, "a seal out of order", p->offset);
	p->is_closed = seal.is_last;
	return seal_keep(p->v, &seal);
}

static void
status_keep(struct pass *p, const struct cast_raw *raw)
{
	size_t n = 0;

	while (n < raw->len && n < 3 && raw->data[n] >= '0' && raw->data[n] <= '9')
		n++;
	memcpy(p->status, raw->data, n);
	p->status[n] = '\0';
}

static int
line_check(struct pass *p, struct cast_line *line)
{
	size_t reach = seal_reach(line);
	struct cast_raw raw;

	if (p->is_closed)
		return altered(p, "more lines behind the last seal", p->offset);
	blake2b_update(&p->hash, line->text, reach);
	if (reach > 0 && seal_check(p, line, reach))
		return -1;
	blake2b_update(&p->hash, line->text + reach, line->len - reach);
	blake2b_update(&p->hash, "\n", 1);
	if (cast_parse(line->text, line->len, &raw)) {
		if (!p->no_header || p->v->nseals > 0)
			return altered(p, "a line that is no event", p->offset);
		raw = (struct cast_raw){.time_ns = 0};
	}
	if (raw.code[0] == 's' && !raw.code[1] && reach == 0)
		return altered(p, "a seal that is no seal", p->offset);
	p->offset += line->len + 1;
	if (reach > 0) {
		p->sealed = p->offset;
		p->sealed_ns = raw.time_ns;
	}
	if (strcmp(raw.code, "x") == 0)
		status_keep(p, &raw);
	return 0;
}

/*
 * The recording's own name, if the header has one that can be in the audit trail. A header that
 * can't be read is no reason to stop: a seal further on says that there once was another.
 */
static void
header_check(struct pass *p, struct cast_line *line)
{
	struct cast_head head;
	const char *name;

	p->no_header = cast_head_parse(&head, line->text, line->len);
	p->is_ours = head.fields != NULL;
	name = cast_head_field(&head, "recording");
	if (name && strlen(name) <= SEAL_NAME_MAX)
		memcpy(p->v->recording, name, strlen(name) + 1);
	cast_head_clear(&head);
	blake2b_update(&p->hash, line->text, line->len);
	blake2b_update(&p->hash, "\n", 1);
	p->offset = line->len + 1;
}

/* No more lines: got is 0 or what the reading said. */
static void
end_check(struct pass *p, int got)
{
	struct cast_line rest = cast_input_rest(p->input);
	char place[96];

	if (got == -EBADMSG)
		altered(p, "compressed data that is damaged", p->offset);
	else if (got == -EMSGSIZE)
		altered(p, "a line that is too long", p->offset);
	else if (got < 0)
		judge(p->v, VERIFY_TROUBLE, "%s", strerror(-got));
	else if (p->is_closed && rest.len > 0)
		altered(p, "more bytes behind the last seal", p->offset);
	else if (p->offset == 0)
		judge(p->v, VERIFY_TORN, "torn: not even its first line is whole");
	else if (p->v->nseals == 0 && p->no_header)
		judge(p->v, VERIFY_TROUBLE, "no recording: %s", p->no_header);
	else if (p->v->nseals == 0 && !p->is_ours)
		judge(p->v, VERIFY_TROUBLE, "not sealed: an asciicast, but not ttywrap's");
	else if (!p->is_closed || cast_input_is_mid_frame(p->input))
		judge(p->v, VERIFY_TORN,
		    "torn: cut off, or still being written; right up to %s, %" PRIu64
		    " bytes behind it are not sealed",
		    last_place(p, place), p->offset + rest.len - p->sealed);
	else
		judge(p->v, VERIFY_INTACT,
		    "intact: %zu seal%s over %" PRIu64 " bytes, closed after %" PRId64 " s%s%s",
		    p->v->nseals, p->v->nseals == 1 ? "" : "s", p->offset,
		    p->sealed_ns / 1000000000, p->status[0] ? " with status " : "", p->status);
}

void
verify_file(struct verify *v, int fd, const char *name)
{
	struct pass p = {.v = v};
	struct cast_line line;
	const char *base = strrchr(name, '/');
	int got, judged = 0;

	memset(v, 0, sizeof *v);
	blake2b_init(&p.hash);
	p.input = cast_input_new(fd, CAST_LINE_MAX);
	if (!p.input) {
		judge(v, VERIFY_TROUBLE, "%s", strerror(errno));
		return;
	}
	got = cast_input_line(p.input, &line);
	if (got == 1)
		header_check(&p, &line);
	while (!judged && got == 1) {
		got = cast_input_line(p.input, &line);
		if (got == 1)
			judged = line_check(&p, &line);
	}
	if (!judged)
		end_check(&p, got);
	base = base ? base + 1 : name;
	if (!v->recording[0] && strlen(base) <= SEAL_NAME_MAX)
		memcpy(v->recording, base, strlen(base) + 1);
	cast_input_free(p.input);
}

void
verify_clear(struct verify *v)
{
	free(v->seals);
	v->seals = NULL;
	v->nseals = 0;
}
