/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttywrap-check: an ordinary program, run by an admin without any privilege of ttywrap's own. */
#include "check/finding.h"

#include <stdarg.h>
#include <string.h>

#define LINE_MAX_BYTES 1024

/* What a terminal would act on becomes '?'. UTF-8 passes, but for the C1 controls (U+0080 to
 * U+009F). */
static void
harmless(char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < ' ' || c == 0x7f)
			*s = '?';
		else if (c == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0)
			s[0] = s[1] = '?';
	}
}

static void
finding_print(struct findings *f, const char *kind, const char *mend, const char *fmt, va_list args)
{
	char line[LINE_MAX_BYTES];

	vsnprintf(line, sizeof line, fmt, args);
	harmless(line);
	fprintf(f->out, "%-5s  %s\n", kind, line);
	if (mend != NULL) {
		snprintf(line, sizeof line, "%s", mend);
		harmless(line);
		fprintf(f->out, "         mend: %s\n", line);
	}
}

void
finding_ok(struct findings *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	finding_print(f, "ok", NULL, fmt, args);
	va_end(args);
}

void
finding_note(struct findings *f, const char *mend, const char *fmt, ...)
{
	va_list args;

	f->notes++;
	va_start(args, fmt);
	finding_print(f, "note", mend, fmt, args);
	va_end(args);
}

void
finding_wrong(struct findings *f, const char *mend, const char *fmt, ...)
{
	va_list args;

	f->wrong++;
	va_start(args, fmt);
	finding_print(f, "WRONG", mend, fmt, args);
	va_end(args);
}
