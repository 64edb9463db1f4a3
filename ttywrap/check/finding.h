/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECK_FINDING_H
#define CHECK_FINDING_H

#include <stdio.h>

/* What a check has to say: one line each, 'ok', 'note' or 'WRONG', and the command that mends it
 * below. */

struct findings {
	FILE *out;
	unsigned notes, wrong;
};

/* All text is printed with control characters replaced: names come from files and the account
 * database. */
void __attribute__((format(printf, 2, 3))) finding_ok(struct findings *, const char *fmt, ...);

/* Something an admin may want otherwise; mend is a command or NULL. */
void __attribute__((format(printf, 3, 4)))
finding_note(struct findings *, const char *mend, const char *fmt, ...);

/* Something that keeps ttywrap from doing its work, or from being trusted; mend is a command. */
void __attribute__((format(printf, 3, 4)))
finding_wrong(struct findings *, const char *mend, const char *fmt, ...);

#endif
