/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ttywrap-replay: watch, find and check recordings. An ordinary user's program, never linked into
 * the privileged one; ttywrap runs it with every privilege given up. Recordings are hostile input.
 */
#include "replay/verbs.h"
#include "replay/verify.h"

#include "config.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: ttywrap --replay [OPTION...] LOG      watch a recording\n"
    "\n"
    "LOG is a file, a recording's name, or - for standard input.\n"
    "\n"
    "  -s, --speed N      N times as fast (0.5: half as fast)\n"
    "  -i, --max-idle S   no pause longer than S seconds\n"
    "      --from T       start at T: 90, 1:30, 1:02:03, 5m\n"
    "      --to T         stop at T\n"
    "      --at T         show the screen as it was at T, paused\n"
    "      --follow       go on with a session that is still running\n"
    "      --now          follow it from now, not from its start\n"
    "      --keep         stay at the end\n"
    "      --no-status    no status line\n"
    "      --plain        write onto the terminal's own screen, scrollback and all\n"
    "      --raw          exactly what the terminal got, unfiltered: not for files\n"
    "                     you don't trust\n"
    "\n"
    "Keys: space pause, . step, left right 5 s, up down 1 min, [ ] marker,\n"
    "/text search, n N again, +1:30 -10 50% jump, < > = speed, s status line,\n"
    "? keys, q quit.\n"
    "\n"
    "Exit status: 0 well, 1 a recording is damaged, 2 usage, 3 no such recording.\n";

static const struct {
	const char *option;
	int (*run)(int argc, char **argv);
} verbs[] = {
    {"--replay", replay_main},
    {"--verify", verify_main},
    {"--list", list_main},
    {"--search", search_main},
    {"--export", export_main},
    {"--prune", prune_main},
};

/* The verb may stand anywhere before "--"; it is taken out. Without one: --replay. */
static int (*take_verb(int *argc, char **argv))(int, char **)
{
	for (int i = 1; i < *argc && strcmp(argv[i], "--"); i++)
		for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
			if (strcmp(argv[i], verbs[v].option))
				continue;
			memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof *argv);
			--*argc;
			return verbs[v].run;
		}
	return replay_main;
}

int
main(int argc, char **argv)
{
	static char name[] = "ttywrap-replay";
	int (*run)(int, char **);

	setlocale(LC_CTYPE, "");
	if (argc < 1)
		return EXIT_USAGE;
	argv[0] = name; /* getopt's messages: not whatever the caller put there */
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return EXIT_OK;
	}
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("ttywrap-replay " TTYWRAP_VERSION);
		return EXIT_OK;
	}
	run = take_verb(&argc, argv);
	return run(argc, argv);
}
