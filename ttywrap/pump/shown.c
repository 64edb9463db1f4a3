/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. Distrusts the output, and copies and compares it only. */
#include "pump/shown.h"

#include <string.h>

static void
line_add(struct shown *s, const uint8_t *bytes, size_t n)
{
	if (s->line_n > SHOWN_LINE || n > SHOWN_LINE - s->line_n) {
		s->line_n = SHOWN_LINE + 1;
		return;
	}
	memcpy(s->line + s->line_n, bytes, n);
	s->line_n += n;
}

/* Bracketed paste is switched on in front of some prompts, and later of none. */
static const uint8_t bracketed[] = {033, '[', '?', '2', '0', '0', '4', 'h'};

static size_t
bracketed_length(const uint8_t *line, size_t n)
{
	return n >= sizeof bracketed && memcmp(line, bracketed, sizeof bracketed) == 0
		   ? sizeof bracketed
		   : 0;
}

/* A mark in front of a blank or alone: a reader may wait in raw mode behind any text. */
static size_t
prompt_length(const uint8_t *line, size_t n)
{
	size_t end = n;

	while (end > 0 && line[end - 1] == ' ')
		end--;
	return end > 0 && accepted_ends_prompt((char)line[end - 1]) ? n : 0;
}

void
shown_prompt(struct shown *s)
{
	size_t skip = s->line_n <= SHOWN_LINE ? bracketed_length(s->line, s->line_n) : 0;
	size_t n = s->line_n - skip;

	s->prompt_n = n <= SHOWN_PROMPT ? prompt_length(s->line + skip, n) : 0;
	memcpy(s->prompt, s->line + skip, s->prompt_n);
}

static void
line_end(struct shown *s, struct accepted *accepted)
{
	size_t n = s->line_n, skip;
	const uint8_t *line = s->line;

	s->line_n = 0;
	if (accepted == NULL || s->prompt_n == 0 || n > SHOWN_LINE)
		return;
	skip = bracketed_length(line, n);
	line += skip;
	n -= skip;
	while (n > 0 && line[n - 1] == '\r')
		n--;
	if (n > s->prompt_n && memcmp(line, s->prompt, s->prompt_n) == 0)
		accepted_add(accepted, (const char *)line + s->prompt_n, n - s->prompt_n);
}

void
shown_output(struct shown *s, const uint8_t *bytes, size_t n, struct accepted *accepted)
{
	const uint8_t *end;

	if (accepted == NULL && (end = memrchr(bytes, '\n', n)) != NULL) {
		s->line_n = 0;
		n -= (size_t)(end + 1 - bytes);
		bytes = end + 1;
	}
	while ((end = memchr(bytes, '\n', n)) != NULL) {
		size_t len = (size_t)(end - bytes);

		line_add(s, bytes, len);
		line_end(s, accepted);
		bytes += len + 1;
		n -= len + 1;
	}
	line_add(s, bytes, n);
}
