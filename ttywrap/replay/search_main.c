/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program: --search. One process per CPU looks; the first prints, in order. */
#include "replay/catalog.h"
#include "replay/json_out.h"
#include "replay/safe.h"
#include "replay/sandbox.h"
#include "replay/search.h"
#include "replay/span.h"
#include "replay/units.h"
#include "replay/verbs.h"

#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS_MAX 16

enum {
	OPT_JSON = 256,
	OPT_REGEX,
	OPT_IN,
	OPT_MAX
};

static const struct option options[] = {
    CATALOG_OPTIONS,
    {"json", no_argument, NULL, OPT_JSON},
    {"regex", no_argument, NULL, OPT_REGEX},
    {"in", required_argument, NULL, OPT_IN},
    {"max", required_argument, NULL, OPT_MAX},
    {NULL, 0, NULL, 0},
};

struct job {
	struct catalog catalog;
	struct finder *finder;
	int where;
	long max;
	bool json;
	unsigned workers;
};

/* What a worker has to say about one recording: a length, then text that is safe to print. */
struct answer {
	uint64_t len;
	int64_t hits; /* -1: it could not be read to its end */
};

struct writer {
	const struct summary *summary;
	bool json;
	struct buffer out;
};

static const char *
kind_name(int kind)
{
	return kind == SEARCH_COMMANDS ? "command" : kind == SEARCH_INPUT ? "input" : "screen";
}

static void
hit_text(struct writer *w, int64_t time_ns, int kind, const char *text, size_t len)
{
	char at[SPAN_TEXT], *safe = safe_copy(text, len);

	buffer_format(&w->out, "  %9s  %-7s  %s\n", span_format_fine(time_ns, at, sizeof at),
	    kind_name(kind), safe ? safe : "");
	free(safe);
}

static void
hit_json(struct writer *w, int64_t time_ns, int kind, const char *text, size_t len)
{
	struct buffer b = {0};

	buffer_string(&b, "{");
	json_member(&b, "name", w->summary->name);
	json_member(&b, "path", w->summary->path);
	json_member(&b, "user", w->summary->user);
	json_number(&b, "start", w->summary->start_s);
	json_seconds(&b, "at", time_ns);
	json_member(&b, "in", kind_name(kind));
	json_key(&b, "text");
	json_string(&b, text, len);
	buffer_string(&b, "}\n");
	buffer_add(&w->out, b.data, b.len);
	buffer_free(&b);
}

static void
on_hit(void *to, int64_t time_ns, int kind, const char *text, size_t len)
{
	struct writer *w = to;

	(w->json ? hit_json : hit_text)(w, time_ns, kind, text, len);
}

static void
head_text(struct buffer *b, const struct summary *s)
{
	char name[256], user[64], from[64], when[UNITS_TEXT];

	buffer_format(b, "%s  %s  %s  %s\n", safe_text(s->name, strlen(s->name), name, sizeof name),
	    units_time(s->start_s, when, sizeof when),
	    *s->user ? safe_text(s->user, strlen(s->user), user, sizeof user) : "-",
	    *s->from ? safe_text(s->from, strlen(s->from), from, sizeof from) : "-");
}

/* Looks through one recording and sends what it found. */
static int
worker_one(const struct job *job, const struct summary *s, int to_fd)
{
	struct writer w = {.summary = s, .json = job->json};
	struct answer a = {.hits = -1};
	struct cast_error err = {{0}};
	struct buffer head = {0};
	int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct cast *cast = fd >= 0 ? cast_open(fd, s->path, &err) : NULL;
	int error;

	if (cast)
		a.hits =
		    search_recording(cast, job->finder, job->where, job->max, on_hit, &w, &err);
	if (w.out.len > 0 && !job->json)
		head_text(&head, s);
	a.len = head.len + w.out.len;
	error = io_write_all(to_fd, &a, sizeof a);
	if (!error)
		error = io_write_all(to_fd, head.data, head.len);
	if (!error)
		error = io_write_all(to_fd, w.out.data, w.out.len);
	buffer_free(&head);
	buffer_free(&w.out);
	return error;
}

static int
worker_start(const struct job *job, unsigned number, int *from_fd)
{
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) != 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		for (size_t i = number; i < job->catalog.n; i += job->workers)
			if (worker_one(job, &job->catalog.items[i], p[1]) != 0)
				break;
		_exit(0);
	}
	close(p[1]);
	if (pid < 0) {
		close(p[0]);
		return -EAGAIN;
	}
	*from_fd = p[0];
	return 0;
}

static int
read_exact(int fd, void *buf, size_t n)
{
	char *p = buf;

	while (n > 0) {
		ssize_t got = io_read(fd, p, n);

		if (got <= 0)
			return -EPIPE;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

/* Passes one answer on. Returns the hits, -1 for a damaged recording, -2 when the worker is gone. */
static long
answer_print(int fd)
{
	struct answer a;
	char buf[65536];

	if (read_exact(fd, &a, sizeof a) != 0)
		return -2;
	while (a.len > 0) {
		size_t n = a.len < sizeof buf ? a.len : sizeof buf;

		if (read_exact(fd, buf, n) != 0)
			return -2;
		fwrite(buf, 1, n, stdout);
		a.len -= n;
	}
	fflush(stdout);
	return (long)a.hits;
}

static int
search_all(struct job *job)
{
	int fds[WORKERS_MAX], status = EXIT_FAILED, error = 0;
	unsigned long damaged = 0;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	job->workers = cpus < 1 ? 1 : cpus > WORKERS_MAX ? WORKERS_MAX : (unsigned)cpus;
	for (unsigned w = 0; w < job->workers && !error; w++)
		error = worker_start(job, w, &fds[w]);
	if (error)
		return verb_fail(EXIT_FAILED, "%s", strerror(-error));
	for (size_t i = 0; i < job->catalog.n; i++) {
		long hits = answer_print(fds[i % job->workers]);

		if (hits == -2)
			return verb_fail(EXIT_FAILED, "%s: the process that looked through it died",
			    job->catalog.items[i].path);
		damaged += hits == -1;
		if (hits > 0)
			status = EXIT_OK;
	}
	if (damaged > 0)
		verb_fail(0, "%lu recording%s could not be read to the end", damaged,
		    damaged == 1 ? "" : "s");
	return status;
}

static int
parse_where(const char *list, int *where)
{
	static const struct {
		const char *name;
		int bit;
	} names[] = {
	    {"commands", SEARCH_COMMANDS}, {"input", SEARCH_INPUT}, {"screen", SEARCH_SCREEN}};

	*where = 0;
	while (*list) {
		size_t n = strcspn(list, ","), k = 0;

		while (k < 3 && (strlen(names[k].name) != n || strncmp(names[k].name, list, n)))
			k++;
		if (k == 3)
			return -EINVAL;
		*where |= names[k].bit;
		list += n + (list[n] == ',');
	}
	return *where ? 0 : -EINVAL;
}

static int
parse_max(const char *text, long *max)
{
	char *end;

	errno = 0;
	*max = strtol(text, &end, 10);
	return errno || *end || end == text || *max < 0 ? -EINVAL : 0;
}

int
search_main(int argc, char **argv)
{
	struct job job = {.where = SEARCH_COMMANDS | SEARCH_INPUT | SEARCH_SCREEN};
	struct catalog_filter filter = CATALOG_FILTER_INIT;
	const char *path = "";
	bool regex = false;
	char wrong[160];
	int option, error, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_JSON)
			job.json = true;
		else if (option == OPT_REGEX)
			regex = true;
		else if (option == OPT_IN && parse_where(optarg, &job.where) != 0)
			return verb_fail(EXIT_USAGE,
			    "--in %s: some of commands,input,screen are needed", optarg);
		else if (option == OPT_MAX && parse_max(optarg, &job.max) != 0)
			return verb_fail(EXIT_USAGE, "--max %s: a number is needed", optarg);
		else if (option < OPT_JSON ||
			 (option > OPT_MAX && catalog_option(&filter, option, optarg) != 1))
			return EXIT_USAGE;
	}
	if (optind == argc)
		return verb_fail(EXIT_USAGE,
		    "a pattern is needed: --search [OPTION...] PATTERN [LOG|DIRECTORY...]");
	job.finder = finder_new(argv[optind], regex, wrong, sizeof wrong);
	if (!job.finder)
		return verb_fail(EXIT_USAGE, "%s: %s", argv[optind], wrong);
	if (sandbox_enter(SANDBOX_MANY) != 0)
		return EXIT_FAILED;
	error = catalog_read(&job.catalog, argv + optind + 1, argc - optind - 1, &filter, &path);
	status = error ? verb_fail_path(path, error) : search_all(&job);
	catalog_clear(&job.catalog);
	finder_free(job.finder);
	return status;
}
