/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. Distrusts both: the lines are what the screen showed, the input is the user's. */
#include "pump/accepted.h"

#include <stdlib.h>
#include <string.h>

/* What a terminal puts around a paste when it was asked to (xterm's bracketed paste). */
static const char paste_begin[] = "\033[200~", paste_end[] = "\033[201~";

void
accepted_forget(struct accepted *a)
{
	if (a->lines != NULL)
		explicit_bzero(a->lines, a->n);
	free(a->lines);
	*a = (struct accepted){0};
}

static void
drop(struct accepted *a, size_t n)
{
	if (n == a->n) {
		accepted_forget(a);
		return;
	}
	memmove(a->lines, a->lines + n, a->n - n);
	a->n -= n;
}

static void
drop_oldest(struct accepted *a, size_t room)
{
	while (a->n > 0 && a->n > ACCEPTED_MAX - room)
		drop(a, strlen(a->lines) + 1);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
trim(const char **line, size_t *n)
{
	while (*n > 0 && is_blank((*line)[*n - 1]))
		(*n)--;
	while (*n > 0 && is_blank(**line)) {
		(*line)++;
		(*n)--;
	}
}

static void
add_line(struct accepted *a, const char *line, size_t n)
{
	char *more;

	trim(&line, &n);
	if (n == 0 || n >= ACCEPTED_MAX || memchr(line, '\0', n) != NULL)
		return;
	drop_oldest(a, n + 1);
	more = realloc(a->lines, a->n + n + 1);
	if (more == NULL)
		return;
	memcpy(more + a->n, line, n);
	more[a->n + n] = '\0';
	a->lines = more;
	a->n += n + 1;
}

void
accepted_add(struct accepted *a, const char *text, size_t n)
{
	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t len = end != NULL ? (size_t)(end - text) : n;

		add_line(a, text, len);
		len += end != NULL;
		text += len;
		n -= len;
	}
}

bool
accepted_ends_prompt(char c)
{
	return c != '\0' && strchr("$#%>:", c) != NULL;
}

/*
 * Where keys came before the prompt it may not have been told from the line.
 * Only what ends as prompts do is taken for one, or a port that a command ends
 * with would claim the same digits somewhere else.
 */
static bool
shows(const char *shown, const char *line, size_t n)
{
	size_t before = strlen(shown);

	if (before < n || memcmp(shown + before - n, line, n) != 0)
		return false;
	before -= n;
	if (before == 0)
		return true;
	if (!is_blank(shown[before - 1]))
		return false;
	while (before > 0 && is_blank(shown[before - 1]))
		before--;
	return before > 0 && accepted_ends_prompt(shown[before - 1]);
}

static bool
cut(const char **line, size_t *n, const char *mark, bool at_end)
{
	size_t len = strlen(mark);

	if (*n < len || memcmp(at_end ? *line + *n - len : *line, mark, len) != 0)
		return false;
	*line += at_end ? 0 : len;
	*n -= len;
	return true;
}

bool
accepted_claim(struct accepted *a, const char *line, size_t n)
{
	cut(&line, &n, paste_begin, false);
	cut(&line, &n, paste_end, true);
	trim(&line, &n);
	for (size_t at = 0; n > 0 && at < a->n; at += strlen(a->lines + at) + 1)
		if (shows(a->lines + at, line, n)) {
			drop(a, at + strlen(a->lines + at) + 1);
			return true;
		}
	return false;
}
