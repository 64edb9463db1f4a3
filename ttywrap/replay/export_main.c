/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program: --export. */
#include "replay/export.h"
#include "replay/locate.h"
#include "replay/sandbox.h"
#include "replay/verbs.h"

#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	OPT_RAW = 256,
	OPT_TIMING
};

static const struct option options[] = {
    {"output", required_argument, NULL, 'o'},
    {"raw", no_argument, NULL, OPT_RAW},
    {"timing", required_argument, NULL, OPT_TIMING},
    {NULL, 0, NULL, 0},
};

static const struct format {
	const char *name;
	long (*run)(struct cast *, const struct export_options *, struct cast_error *);
	bool binary; /* not for a terminal */
} formats[] = {
    {"txt", export_txt, false},
    {"json", export_json, false},
    {"html", export_html, false},
    {"cast", export_cast, false},
    {"cast3", export_cast3, false},
    {"ttyrec", export_ttyrec, true},
    {"script", export_script, true},
};

static const struct format *
format_find(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

static int
output_open(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
}

static int
export_run(const struct format *f, const char *log, const struct export_options *o)
{
	struct cast_error err;
	struct cast *cast;
	int fd = locate_open(log);
	long problems;

	if (fd < 0)
		return verb_fail_path(log, fd);
	if (sandbox_enter(SANDBOX_ONE) != 0)
		return EXIT_FAILED;
	cast = cast_open(fd, log, &err);
	if (!cast)
		return verb_fail(EXIT_FAILED, "%s", err.text);
	problems = f->run(cast, o, &err);
	if (problems == -EOPNOTSUPP)
		return verb_fail(EXIT_FAILED,
		    "html: this program was built without asciinema's web player; run "
		    "tools/web-player in its source and build it again");
	if (problems < 0)
		return verb_fail(EXIT_FAILED, "writing: %s", strerror((int)-problems));
	if (problems > 0)
		return verb_fail(EXIT_FAILED, "%s", err.text);
	return EXIT_OK;
}

static int
export_to(const struct format *f, const char *log, const char *output, const char *timing,
    struct export_options *o)
{
	int status;

	if (f->run == export_script && !timing)
		return verb_fail(
		    EXIT_USAGE, "script: --timing FILE is needed, for the typescript's timing");
	if (!output && f->binary && isatty(STDOUT_FILENO))
		return verb_fail(EXIT_USAGE, "%s: not for a terminal; give --output FILE", f->name);
	o->out_fd = output ? output_open(output) : STDOUT_FILENO;
	if (o->out_fd < 0)
		return verb_fail(EXIT_FAILED, "%s: %s", output, strerror(errno));
	o->timing_fd = timing ? output_open(timing) : -1;
	if (timing && o->timing_fd < 0)
		return verb_fail(EXIT_FAILED, "%s: %s", timing, strerror(errno));
	status = export_run(f, log, o);
	if (output && close(o->out_fd) != 0)
		status = verb_fail(EXIT_FAILED, "%s: %s", output, strerror(errno));
	if (timing && close(o->timing_fd) != 0)
		status = verb_fail(EXIT_FAILED, "%s: %s", timing, strerror(errno));
	return status;
}

int
export_main(int argc, char **argv)
{
	struct export_options o = {.out_fd = -1, .timing_fd = -1};
	const char *output = NULL, *timing = NULL, *slash;
	const struct format *f;
	int option;

	while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1)
		switch (option) {
		case 'o':
			output = optarg;
			break;
		case OPT_RAW:
			o.raw = true;
			break;
		case OPT_TIMING:
			timing = optarg;
			break;
		default:
			return EXIT_USAGE;
		}
	if (optind + 2 != argc)
		return verb_fail(EXIT_USAGE,
		    "a format and a recording are needed: --export FORMAT [OPTION...] LOG");
	f = format_find(argv[optind]);
	if (!f)
		return verb_fail(EXIT_USAGE,
		    "--export %s: txt, html, cast, cast3, ttyrec, script or json is needed",
		    argv[optind]);
	slash = strrchr(argv[optind + 1], '/');
	o.name = slash ? slash + 1 : argv[optind + 1];
	return export_to(f, argv[optind + 1], output, timing, &o);
}
