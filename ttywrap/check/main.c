/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ttywrap-check, reached as 'ttywrap --check': an ordinary program without any privilege, run by an
 * admin. It looks at the installation and the machine, changes nothing, and says what is wrong.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/check.h"
#include "check/finding.h"
#include "config.h"

static void
usage(FILE *out)
{
	fputs("usage: ttywrap --check [--config FILE] [--user NAME] | --defaults\n"
	      "  Says what is wrong with the installation, and how to mend it; exit status 1 if\n"
	      "  anything is. Root is told more than others.\n"
	      "  --user NAME    which settings hold for NAME, and which line each comes from\n"
	      "  --config FILE  take FILE for the configuration, to find its mistakes beforehand\n"
	      "  --defaults     the built-in settings\n",
	    out);
}

static void
check_all(struct findings *f)
{
	check_accounts(f);
	check_privilege(f);
	check_programs(f);
	check_folders(f);
	check_config(f);
	check_shells(f);
	check_audit(f);
	check_terminals(f);
	check_disk(f);
	check_conntrack(f);
	check_sshd(f);
	check_sessions(f);
	if (f->wrong == 0)
		fprintf(f->out, "Nothing is wrong (notes: %u).\n", f->notes);
	else
		fprintf(f->out, "WRONG: %u, notes: %u.\n", f->wrong, f->notes);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"check", no_argument, NULL, 'c'},
	    {"user", required_argument, NULL, 'u'}, {"defaults", no_argument, NULL, 'd'},
	    {"config", required_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
	struct findings f = {.out = stdout};
	const char *user = NULL, *candidate = NULL;
	bool defaults = false;
	int c;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1)
		switch (c) {
		case 'c': /* ttywrap hands its arguments on as they came */
			break;
		case 'u':
			user = optarg;
			break;
		case 'd':
			defaults = true;
			break;
		case 'f':
			candidate = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'v':
			puts("ttywrap " TTYWRAP_VERSION);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	if (optind != argc) {
		usage(stderr);
		return 2;
	}
	if (defaults)
		print_defaults(stdout);
	else if (user != NULL)
		check_user(&f, user, candidate);
	else if (candidate != NULL)
		check_candidate(&f, candidate);
	else
		check_all(&f);
	if (fflush(stdout) != 0)
		return 2;
	return f.wrong > 0;
}
