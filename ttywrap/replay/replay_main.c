/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program: --replay. */
#include "replay/locate.h"
#include "replay/player.h"
#include "replay/sandbox.h"
#include "replay/span.h"
#include "replay/tail.h"
#include "replay/term.h"
#include "replay/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	OPT_FROM = 256,
	OPT_TO,
	OPT_AT,
	OPT_FOLLOW,
	OPT_NOW,
	OPT_RAW,
	OPT_PLAIN,
	OPT_KEEP,
	OPT_QUIET
};

static const struct option options[] = {
    {"speed", required_argument, NULL, 's'},
    {"max-idle", required_argument, NULL, 'i'},
    {"from", required_argument, NULL, OPT_FROM},
    {"to", required_argument, NULL, OPT_TO},
    {"at", required_argument, NULL, OPT_AT},
    {"follow", no_argument, NULL, OPT_FOLLOW},
    {"now", no_argument, NULL, OPT_NOW},
    {"raw", no_argument, NULL, OPT_RAW},
    {"plain", no_argument, NULL, OPT_PLAIN},
    {"keep", no_argument, NULL, OPT_KEEP},
    {"no-status", no_argument, NULL, OPT_QUIET},
    {NULL, 0, NULL, 0},
};

static int
parse_speed(const char *text, struct player_options *o)
{
	char *end;

	o->speed = strtod(text, &end);
	o->speed_given = true;
	if (end == text || (*end && strcmp(end, "x")) ||
	    !(o->speed >= 0.001 && o->speed <= 1000000))
		return verb_fail(
		    EXIT_USAGE, "--speed %s: a number such as 2 or 0.5 is needed", text);
	return 0;
}

static int
parse_time(const char *option, const char *text, int64_t *ns)
{
	if (span_parse_at(text, ns) == 0)
		return 0;
	return verb_fail(
	    EXIT_USAGE, "--%s %s: a time such as 90, 1:30, 1:02:03 or 5m is needed", option, text);
}

static int
parse_option(int c, struct player_options *o)
{
	switch (c) {
	case 's':
		return parse_speed(optarg, o);
	case 'i':
		return parse_time("max-idle", optarg, &o->max_idle_ns);
	case OPT_FROM:
		return parse_time("from", optarg, &o->from_ns);
	case OPT_TO:
		return parse_time("to", optarg, &o->to_ns);
	case OPT_AT:
		o->paused = true;
		return parse_time("at", optarg, &o->from_ns);
	case OPT_FOLLOW:
		o->follow = true;
		return 0;
	case OPT_NOW:
		o->follow = o->from_now = true;
		return 0;
	case OPT_RAW:
		o->raw = true;
		return 0;
	case OPT_PLAIN:
		o->plain = true;
		return 0;
	case OPT_KEEP:
		o->keep = true;
		return 0;
	case OPT_QUIET:
		o->quiet = true;
		return 0;
	default:
		return EXIT_USAGE; /* getopt has said why */
	}
}

/* As a shell expects it of a program that was killed: by dying of the signal, now that the terminal
 * is put back. */
static int
die_of(int number)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none); /* ^\ on a player is no reason for a core file */
	signal(number, SIG_DFL);
	raise(number);
	return 128 + number;
}

static int
play(const char *name, int fd, struct player_options *o)
{
	int file_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3), result;
	struct cast_error err;
	struct cast *cast;
	struct tail tail;
	bool screen = isatty(STDOUT_FILENO) && !o->raw && !o->plain;

	o->tty_fd = isatty(STDOUT_FILENO) ? term_descriptor() : -ENOTTY;
	result = sandbox_enter(SANDBOX_ONE);
	if (result != 0)
		return result;
	if (tail_read(fd, &tail) == 0)
		o->duration_ns = tail.last_ns;
	cast = cast_open(fd, name, &err);
	if (!cast) {
		close(file_fd);
		return verb_fail(EXIT_FAILED, "%s", err.text);
	}
	result = screen ? player_run(cast, file_fd, o, &err) : stream_run(cast, file_fd, o, &err);
	close(file_fd);
	if (result > 128)
		return die_of(result - 128);
	if (result == PLAYER_DAMAGED)
		return verb_fail(EXIT_FAILED, "%s", err.text);
	return result < 0 ? verb_fail(EXIT_FAILED, "%s", strerror(-result)) : EXIT_OK;
}

int
replay_main(int argc, char **argv)
{
	struct player_options o = {
	    .speed = 1, .max_idle_ns = -1, .from_ns = -1, .to_ns = -1, .duration_ns = -1};
	const char *term = getenv("TERM");
	int c, fd, status;

	while ((c = getopt_long(argc, argv, "s:i:", options, NULL)) != -1)
		if ((status = parse_option(c, &o)) != 0)
			return status;
	if (optind + 1 != argc)
		return verb_fail(EXIT_USAGE, "one recording is needed: --replay [OPTION...] LOG");
	o.ascii = isatty(STDOUT_FILENO) && strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	o.plain |= term && !strcmp(term, "dumb");
	fd = locate_open(argv[optind]);
	if (fd < 0)
		return verb_fail_path(argv[optind], fd);
	return play(argv[optind], fd, &o);
}
