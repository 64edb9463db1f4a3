/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ttywrap-replay: watch, find and check recordings. An ordinary user's program, never linked into
 * the privileged one; ttywrap runs it with every privilege given up. Recordings are hostile input.
 */
#include "replay/verbs.h"
#include "replay/verify.h"

#include "config.h"

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: ttywrap --replay [OPTION...] LOG             watch a recording\n"
    "       ttywrap --list   [FILTER...] [LOG|DIR...]    who, from where, when\n"
    "       ttywrap --search [FILTER...] PATTERN [LOG|DIR...]\n"
    "       ttywrap --export FORMAT [-o FILE] LOG        txt html cast cast3 ttyrec\n"
    "                                                    script json\n"
    "       ttywrap --verify [--audit FILE] LOG|DIR...   is it what was recorded?\n"
    "       ttywrap --prune  [OPTION...] [DIR...]        remove what is too old\n"
    "       ttywrap --check  [--user NAME]               is it installed well?\n"
    "       ttywrap                                      a session (ttywrap(1))\n"
    "\n"
    "LOG is a file, a recording's name, or - for standard input.\n"
    "\n"
    "--replay:\n"
    "  -s, --speed N         N times as fast (0.5: half as fast)\n"
    "  -i, --max-idle S      no pause longer than S seconds\n"
    "      --from T, --to T  only this part; T is 90, 1:30, 1:02:03, 5m\n"
    "      --at T            the screen as it was at T, paused\n"
    "      --follow, --now   go on with a session that is still running, from its\n"
    "                        start or from now\n"
    "      --keep            stay at the end\n"
    "      --no-status       no status line\n"
    "      --plain           onto the terminal's own screen, scrollback and all\n"
    "      --raw             exactly what the terminal got, unfiltered: only for\n"
    "                        recordings you trust\n"
    "  keys: space pause, . step, left right 5 s, up down 1 min, [ ] marker,\n"
    "        /text search, n N again, +1:30 -10 50% jump, < > = speed,\n"
    "        s status line, ? keys, q quit\n"
    "\n"
    "FILTER: --user NAME  --address ADDR[/BITS]  --terminal NAME  --session ID\n"
    "        --state live|closed|cut-off  --since DATE  --until DATE\n"
    "--list:   --fast without counts, --json\n"
    "--search: --in commands,input,screen  --regex  --max N  --json\n"
    "--export: --raw unfiltered, --timing FILE for script\n"
    "--prune:  --older-than 90d  --max-size 10G  --dry-run\n"
    "\n"
    "Exit status: 0 well, 1 damaged or nothing found, 2 usage, 3 no such recording;\n"
    "--verify: 0 intact, 1 torn, 2 trouble, 3 altered, 4 unproven.\n";

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

static bool
wants(int argc, char **argv, const char *option)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], option))
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	static char name[] = "ttywrap";
	int (*run)(int, char **);

	setlocale(LC_CTYPE, "");
	if (argc < 1)
		return EXIT_USAGE;
	argv[0] = name; /* getopt's messages: not whatever the caller put there */
	if (wants(argc, argv, "--help")) {
		fputs(usage, stdout);
		return EXIT_OK;
	}
	if (wants(argc, argv, "--version")) {
		puts("ttywrap " TTYWRAP_VERSION);
		return EXIT_OK;
	}
	run = take_verb(&argc, argv);
	return run(argc, argv);
}
