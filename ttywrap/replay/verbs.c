/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Names and arguments may hold anything. */
#include "replay/verbs.h"

#include "replay/safe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
verb_fail(int status, const char *format, ...)
{
	char *text = NULL, *safe = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n >= 0)
		safe = safe_copy(text, (size_t)n);
	fprintf(stderr, "ttywrap: %s\n", safe ? safe : "out of memory");
	if (n >= 0)
		free(text);
	free(safe);
	return status;
}

int
verb_fail_path(const char *path, int error)
{
	return verb_fail(EXIT_NO_FILE, "%s: %s", path, strerror(-error));
}
