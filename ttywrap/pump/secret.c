/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pump, no privilege. Distrusts the output, every byte of which a user can
 * choose: it is cut to one short line, and matching it has a limit of work.
 */
#include "pump/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

#include "common/utf8.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	CELLS = 512,
	UNREAD_MAX = 4096,
	FIELD_MIN = 8,
	MATCH_LIMIT = 100000,
	DEPTH_LIMIT = 250
};

enum escape {
	TEXT,
	ESCAPE,
	CSI,
	STRING,
	STRING_ESCAPE,
	CHARSET
};

struct secret {
	pcre2_code **prompts; /* NULL: not compiled yet */
	size_t nprompts;
	size_t ndefaults; /* so many of them are secret_default_prompts */
	pcre2_match_data *match;
	pcre2_match_context *limits;
	char **processes;
	size_t nprocesses;
	enum escape state;
	size_t number;      /* of the control sequence, the last of its parameters */
	uint32_t character; /* being decoded, more bytes to come */
	unsigned more;
	bool watching;
	bool latched;       /* while watching, a line that went by asked */
	bool latched_shown; /* ... or had asked, before something was shown behind it */
	bool
	    dialog; /* a field to be filled in asks, elsewhere on the screen than the cursor was last */
	bool fresh; /* asks tells of the line as it is */
	bool asks;
	size_t len, column;
	size_t asked;          /* so much of the line was there when it asked, and still is */
	uint32_t cells[CELLS]; /* the line as it stands on the screen */
	uint8_t text[4 * CELLS];
	size_t unread_len;
	uint8_t unread[UNREAD_MAX];
};

static pcre2_code *
prompt_compile(const char *pattern, int *error, PCRE2_SIZE *at)
{
	return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_CASELESS | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, error,
	    at, NULL);
}

/* The defaults are compiled when the first line comes that they may match: few sessions' first prompt is one. */
static pcre2_code *
prompt_at(struct secret *s, size_t i)
{
	PCRE2_SIZE at;
	int error;

	if (s->prompts[i] == NULL)
		s->prompts[i] = prompt_compile(secret_default_prompts[i], &error, &at);
	return s->prompts[i];
}

static int
prompts_compile(struct secret *s, const char *const *prompts, char *why, size_t n)
{
	while (prompts[s->nprompts] != NULL)
		s->nprompts++;
	s->prompts = calloc(s->nprompts + 1, sizeof *s->prompts);
	if (s->prompts == NULL)
		return -ENOMEM;
	for (size_t i = s->ndefaults; i < s->nprompts; i++) {
		PCRE2_UCHAR text[128];
		PCRE2_SIZE at;
		int error;

		s->prompts[i] = prompt_compile(prompts[i], &error, &at);
		if (s->prompts[i] != NULL)
			continue;
		pcre2_get_error_message(error, text, sizeof text);
		snprintf(
		    why, n, "pattern %zu, at byte %zu: %s", i + 1, (size_t)at, (const char *)text);
		return error == PCRE2_ERROR_HEAP_FAILED ? -ENOMEM : -EINVAL;
	}
	return 0;
}

static size_t
defaults_count(const char *const *prompts)
{
	size_t n = 0;

	while (prompts[n] != NULL && secret_default_prompts[n] != NULL &&
	       strcmp(prompts[n], secret_default_prompts[n]) == 0)
		n++;
	return n;
}

static int
processes_copy(struct secret *s, const char *const *processes)
{
	size_t count = 0;

	while (processes[count] != NULL)
		count++;
	s->processes = calloc(count + 1, sizeof *s->processes);
	if (s->processes == NULL)
		return -ENOMEM;
	for (; s->nprocesses < count; s->nprocesses++) {
		s->processes[s->nprocesses] = strdup(processes[s->nprocesses]);
		if (s->processes[s->nprocesses] == NULL)
			return -ENOMEM;
	}
	return 0;
}

static int
limits_set(struct secret *s)
{
	s->match = pcre2_match_data_create(1, NULL);
	s->limits = pcre2_match_context_create(NULL);
	if (s->match == NULL || s->limits == NULL)
		return -ENOMEM;
	pcre2_set_match_limit(s->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(s->limits, DEPTH_LIMIT);
	return 0;
}

int
secret_new(struct secret **out, const char *const *prompts, const char *const *processes, char *why,
    size_t n)
{
	struct secret *s = calloc(1, sizeof *s);
	int error;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	if (prompts == NULL)
		prompts = secret_default_prompts;
	s->ndefaults = defaults_count(prompts);
	error = prompts_compile(s, prompts, why, n);
	if (error == 0)
		error = processes_copy(s, processes != NULL ? processes : secret_default_processes);
	if (error == 0)
		error = limits_set(s);
	if (error != 0) {
		secret_free(s);
		return error;
	}
	*out = s;
	return 0;
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->nprompts; i++)
		pcre2_code_free(s->prompts[i]);
	for (size_t i = 0; i < s->nprocesses; i++)
		free(s->processes[i]);
	free(s->prompts);
	free(s->processes);
	pcre2_match_data_free(s->match);
	pcre2_match_context_free(s->limits);
	free(s);
}

/* The defaults come first. Most lines that are no prompt show it by how they end. */
static size_t
first_prompt(const struct secret *s)
{
	return secret_default_may_match(s->cells, s->len) ? 0 : s->ndefaults;
}

/* A pattern that runs into the limit, or finds no memory, counts as a match: in doubt nothing is logged. */
static bool
line_asks(struct secret *s)
{
	size_t n = 0, first;

	if (s->fresh)
		return s->asks;
	s->fresh = true;
	s->asks = false;
	first = first_prompt(s);
	for (size_t i = 0; first < s->nprompts && i < s->len; i++)
		n += utf8_put(s->text + n, s->cells[i]);
	for (size_t i = first; i < s->nprompts && n > 0 && !s->asks; i++) {
		const pcre2_code *prompt = prompt_at(s, i);

		s->asks = prompt == NULL || pcre2_match(prompt, s->text, n, 0, 0, s->match,
						s->limits) != PCRE2_ERROR_NOMATCH;
	}
	return s->asks;
}

static void
line_clear(struct secret *s)
{
	s->len = 0;
	s->column = 0;
	s->asked = 0;
	s->fresh = false;
}

static void
line_end(struct secret *s)
{
	if (s->watching && !s->latched)
		s->latched = line_asks(s);
	s->latched_shown |= s->watching && s->asked > 0;
	line_clear(s);
}

/* A prompt is at the end of its line, so of a long one the end is kept. */
static void
line_put(struct secret *s, uint32_t character)
{
	if (s->column >= CELLS) {
		memmove(s->cells, s->cells + CELLS / 2, sizeof s->cells / 2);
		s->len = s->column = CELLS / 2;
		s->asked = s->asked > 0 ? 1 : 0;
	}
	if (s->column < s->asked)
		s->asked = 0;
	while (s->len < s->column)
		s->cells[s->len++] = ' ';
	s->cells[s->column++] = character;
	if (s->len < s->column)
		s->len = s->column;
	s->fresh = false;
}

/* UTF-8, decoded leniently: a byte that fits nowhere is a character of its own. */
static void
text_put(struct secret *s, uint8_t c)
{
	if ((c & 0xc0) == 0x80 && s->more > 0) {
		s->character = s->character << 6 | (c & 0x3f);
		if (--s->more == 0)
			line_put(s, s->character);
		return;
	}
	s->more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	s->character = c & (0x7fU >> (s->more + (s->more > 0)));
	if (s->more == 0)
		line_put(s, c);
}

static void
text_byte(struct secret *s, uint8_t c)
{
	switch (c) {
	case '\n':
		s->dialog = false;
		line_end(s);
		return;
	case '\r':
		s->column = 0;
		return;
	case '\b':
		s->column -= s->column > 0;
		return;
	case 033:
		s->state = ESCAPE;
		return;
	default:
		if (c >= ' ' && c != 0177)
			text_put(s, c);
	}
}

/* Where a field to be filled in begins, as pinentry-curses draws it; the line's end when there is none. */
static size_t
field_begin(const struct secret *s)
{
	size_t run = 0;

	for (size_t i = 0; i < s->len; i++) {
		run = s->cells[i] == '_' ? run + 1 : 0;
		if (run == FIELD_MIN)
			return i + 1 - run;
	}
	return s->len;
}

/*
 * The cursor goes to another line. A field with a prompt before it is filled in
 * until its screen is left, wherever the cursor was in between.
 */
static void
line_leave(struct secret *s)
{
	size_t begin = s->dialog ? s->len : field_begin(s);

	if (begin < s->len) {
		s->len = begin;
		s->fresh = false;
		s->dialog = line_asks(s);
	}
	line_end(s);
}

/* As in xterm's control sequences: the private modes that show or leave it */
static bool
is_alternate_screen(size_t mode)
{
	return mode == 47 || mode == 1047 || mode == 1049;
}

/* Cursor movement within the line and erasing, as line editors use them; anything up or down begins
 * a new line. */
static void
csi_end(struct secret *s, uint8_t final)
{
	size_t n = s->number > 0 ? s->number : 1, right = s->column + n;

	switch (final) {
	case 'C':
		s->column = right < CELLS ? right : CELLS - 1;
		break;
	case 'D':
		s->column -= n < s->column ? n : s->column;
		break;
	case 'G':
		s->column = n <= CELLS ? n - 1 : CELLS - 1;
		break;
	case 'K':
		if (s->number == 2)
			s->len = 0;
		else if (s->number == 0 && s->len > s->column)
			s->len = s->column;
		if (s->len < s->asked)
			s->asked = 0;
		s->fresh = false;
		break;
	case 'A':
	case 'B':
	case 'H':
	case 'J':
	case 'd':
	case 'f':
		if (final == 'J')
			s->dialog = false;
		if (final != 'J' || s->number != 0)
			line_leave(s);
		break;
	case 'h':
	case 'l':
		if (is_alternate_screen(s->number))
			s->dialog = false;
		break;
	}
}

static enum escape
escape_begin(uint8_t c)
{
	switch (c) {
	case '[':
		return CSI;
	case ']':
	case 'P':
	case 'X':
	case '^':
	case '_':
		return STRING;
	default:
		return c >= ' ' && c <= '/' ? CHARSET : TEXT;
	}
}

/* Escape sequences of ECMA-48 take no place on the line. Colours within a prompt are common. */
static void
output_byte(struct secret *s, uint8_t c)
{
	switch (s->state) {
	case TEXT:
		text_byte(s, c);
		return;
	case ESCAPE:
		s->state = escape_begin(c);
		s->number = 0;
		return;
	case CHARSET:
		s->state = c >= '0' ? TEXT : CHARSET;
		return;
	case CSI:
		if (c >= '@' && c <= '~') {
			s->state = TEXT;
			csi_end(s, c);
		} else if (c >= '0' && c <= '9')
			s->number = s->number < CELLS ? s->number * 10 + (c - '0') : CELLS;
		else if (c < ' ')
			text_byte(s, c);
		return;
	case STRING:
		if (c == 033)
			s->state = STRING_ESCAPE;
		else if (c == 07 || c == '\n')
			s->state = TEXT;
		return;
	case STRING_ESCAPE:
		s->state = c == '\\' ? TEXT : STRING;
		return;
	}
}

static void
process(struct secret *s, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		output_byte(s, bytes[i]);
}

/* What was put off until somebody wants to know. */
static void
catch_up(struct secret *s)
{
	process(s, s->unread, s->unread_len);
	s->unread_len = 0;
}

/*
 * In a flood nobody asks, and a line end makes all before it useless: so the
 * bytes behind the last one are kept as they are, and looked at when it matters.
 */
void
secret_output(struct secret *s, const uint8_t *bytes, size_t n)
{
	const uint8_t *last = s->watching ? NULL : memrchr(bytes, '\n', n);

	if (last != NULL) {
		line_clear(s);
		s->dialog = false;
		s->state = TEXT;
		s->more = 0;
		s->unread_len = 0;
		n -= (size_t)(last + 1 - bytes);
		bytes = last + 1;
	}
	if (s->watching || n > sizeof s->unread - s->unread_len)
		catch_up(s);
	if (s->watching || n > sizeof s->unread) {
		process(s, bytes, n);
		return;
	}
	memcpy(s->unread + s->unread_len, bytes, n);
	s->unread_len += n;
}

void
secret_watch(struct secret *s, bool on)
{
	if (on != s->watching)
		catch_up(s);
	s->watching = on;
}

bool
secret_asked(struct secret *s, bool shown)
{
	bool asked;

	catch_up(s);
	if (line_asks(s))
		s->asked = s->len;
	asked = s->latched || s->dialog || line_asks(s);
	asked |= shown && (s->latched_shown || s->asked > 0);
	s->latched = s->latched_shown = false;
	return asked;
}

bool
secret_process(const struct secret *s, const char *comm)
{
	if (comm == NULL)
		return false;
	for (size_t i = 0; i < s->nprocesses; i++)
		if (strncmp(s->processes[i], comm, 15) == 0)
			return true;
	return false;
}

bool
secret_passed_on(const struct termios *modes)
{
	return (modes->c_lflag & (ICANON | ECHO | ISIG | IEXTEN)) == 0 &&
	       (modes->c_iflag & (ICRNL | INLCR | IGNCR | ISTRIP | IXON)) == 0 &&
	       (modes->c_oflag & OPOST) == 0;
}
