/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replay: --prune, run from a timer by whoever may remove recordings. It removes files, and so believes nothing that
 * a recording says, and reads none: its age is the time of the last write to the file, its name the directory's.
 */
#include "replay/catalog.h"
#include "replay/live.h"
#include "replay/prune.h"
#include "replay/span.h"
#include "replay/units.h"
#include "replay/verbs.h"

#include "common/io.h"
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	OPT_OLDER = 256,
	OPT_SIZE,
	OPT_DRY
};

static const struct option options[] = {
    {"older-than", required_argument, NULL, OPT_OLDER},
    {"max-size", required_argument, NULL, OPT_SIZE},
    {"dry-run", no_argument, NULL, OPT_DRY},
    {NULL, 0, NULL, 0},
};

struct file {
	char *path;
	dev_t dev;
	ino_t ino;
	int64_t written_s, keep_s;
	uint64_t size;
	bool linked; /* more than one name */
};

struct prune {
	int64_t keep_s;    /* younger than that is never taken; -1: not said */
	uint64_t max_size; /* of all together */
	bool has_max, dry;
	bool orphans;     /* looking for what has no name but this one */
	bool by_settings; /* neither is given: ttywrap.conf has them, keep_s for each user */
	struct prune_policy policy;
	struct prune_trail trail;
	struct conf_error wrong; /* with the settings */
	int64_t now_s;
	struct file *files; /* oldest first */
	size_t n, room;
	uint64_t total, freed;
	unsigned long removed, failed;
};

static int
file_add(struct prune *p, const char *path, const char *name, const struct stat *st)
{
	int error;

	struct file f = {.dev = st->st_dev,
	    .ino = st->st_ino,
	    .written_s = st->st_mtime,
	    .keep_s = p->keep_s,
	    .size = (uint64_t)st->st_blocks * 512,
	    .linked = st->st_nlink > 1};

	if (p->orphans && f.linked)
		return 0;
	if (p->n == p->room) {
		size_t more = p->room ? p->room * 2 : 256;
		void *grown = realloc(p->files, more * sizeof f);

		if (!grown)
			return -ENOMEM;
		p->files = grown;
		p->room = more;
	}
	error = p->by_settings ? prune_policy_keep(&p->policy, name, &f.keep_s, &p->wrong) : 0;
	if (error)
		return error;
	f.path = strdup(path);
	if (!f.path)
		return -ENOMEM;
	p->files[p->n++] = f;
	p->total += f.size;
	return 0;
}

static int
files_find(struct prune *p, const char *dir)
{
	char *paths[] = {(char *)(uintptr_t)dir, NULL};
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;
	int error = fts ? 0 : -errno;

	while (fts && !error && (e = fts_read(fts))) {
		if (e->fts_info == FTS_F && catalog_is_name(e->fts_name))
			error = file_add(p, e->fts_path, e->fts_name, e->fts_statp);
		else if (e->fts_level == 0 && (e->fts_info == FTS_DNR || e->fts_info == FTS_NS))
			error = -e->fts_errno;
	}
	if (fts)
		fts_close(fts);
	return error;
}

/* Of users' own folders what somebody has removed from the log folder by hand: its space is still taken. */
static int
machine_find(struct prune *p)
{
	int error = files_find(p, TTYWRAP_LOGDIR);

	p->orphans = true;
	if (!error && access(TTYWRAP_OWNDIR, R_OK | X_OK) == 0)
		error = files_find(p, TTYWRAP_OWNDIR);
	return error;
}

static int
by_age(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return (x->written_s > y->written_s) - (x->written_s < y->written_s);
}

/* What is going on, or has been written to since it was looked at, stays. */
static bool
is_unchanged(const struct file *f, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_dev == f->dev &&
	       st.st_ino == f->ino && st.st_mtime == f->written_s && !live_is_held(fd);
}

/* The name in the user's own folder (monitor/own.h): while it is there the disk's space is not given back. */
static int
own_remove(const struct file *f)
{
	const char *slash = strrchr(f->path, '/'), *name = slash ? slash + 1 : f->path;
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(
	    path, sizeof path, TTYWRAP_OWNDIR "/%u/%s", (unsigned)prune_policy_uid(name), name);

	if (!f->linked || n < 0 || (size_t)n >= sizeof path || lstat(path, &st) != 0 ||
	    st.st_dev != f->dev || st.st_ino != f->ino)
		return 0;
	return unlink(path);
}

static void
file_remove(struct prune *p, const struct file *f)
{
	int fd = open(f->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool take = fd >= 0 && is_unchanged(f, fd);
	int error;

	io_close(&fd);
	if (!take)
		return;
	error = p->dry ? 0 : prune_trail_say(&p->trail, f->path);
	if (error) {
		p->failed++;
		verb_fail(0, "%s: it stays, as the audit trail takes no record of its removal: %s",
		    f->path, strerror(-error));
		return;
	}
	if (!p->dry && (own_remove(f) != 0 || (unlink(f->path) != 0 && errno != ENOENT))) {
		p->failed++;
		verb_fail(0, "%s: %s", f->path, strerror(errno));
		return;
	}
	p->removed++;
	p->freed += f->size;
	p->total -= f->size;
	if (p->dry)
		printf("%s\n", f->path);
}

/* Past the age: gone. Over the size: the oldest first, but none that is younger than the age. */
static void
prune_run(struct prune *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct file *f = &p->files[i];
		bool old = f->keep_s >= 0 && p->now_s - f->written_s >= f->keep_s;
		bool full = p->has_max && p->total > p->max_size;

		if (p->has_max ? full && (f->keep_s < 0 || old) : old)
			file_remove(p, f);
	}
}

static void
prune_report(const struct prune *p)
{
	char freed[UNITS_TEXT], left[UNITS_TEXT];

	printf("%s %lu recording%s, %s; %zu, %s, left\n", p->dry ? "would remove" : "removed",
	    p->removed, p->removed == 1 ? "" : "s", units_bytes(p->freed, freed, sizeof freed),
	    p->n - p->removed, units_bytes(p->total, left, sizeof left));
}

static int
parse_option(struct prune *p, int option, const char *argument)
{
	int64_t ns;

	if (option == OPT_OLDER &&
	    (span_parse_at(argument, &ns) != 0 || !strpbrk(argument, "dhms")))
		return verb_fail(
		    EXIT_USAGE, "--older-than %s: a time such as 90d or 12h is needed", argument);
	if (option == OPT_SIZE && units_parse_bytes(argument, &p->max_size) != 0)
		return verb_fail(
		    EXIT_USAGE, "--max-size %s: a size such as 10G is needed", argument);
	if (option == OPT_OLDER)
		p->keep_s = ns / 1000000000;
	p->has_max |= option == OPT_SIZE;
	p->dry |= option == OPT_DRY;
	return option < OPT_OLDER ? EXIT_USAGE : 0;
}

static void
prune_clear(struct prune *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->files[i].path);
	free(p->files);
	prune_policy_clear(&p->policy);
	prune_trail_close(&p->trail);
}

/* Returns 0, or the exit status when the settings are no policy. */
static int
settings_take(struct prune *p)
{
	int64_t by_default;

	p->by_settings = true;
	if (prune_policy_size(&p->max_size, &p->wrong) != 0 ||
	    prune_policy_keep(&p->policy, "", &by_default, &p->wrong) != 0)
		return verb_fail(EXIT_USAGE, "%s", p->wrong.text);
	p->has_max = p->max_size > 0;
	return 0;
}

/* Without any age or size nothing may go: more likely a mistake than a wish. */
static bool
is_any_policy(const struct prune *p)
{
	for (size_t i = 0; i < p->policy.n; i++)
		if (p->policy.known[i].keep_s >= 0)
			return true;
	return p->has_max || !p->by_settings;
}

int
prune_main(int argc, char **argv)
{
	struct prune p = {.keep_s = -1, .now_s = time(NULL), .trail = PRUNE_TRAIL_INIT};
	const char *dir = TTYWRAP_LOGDIR;
	int option, status, error = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if ((status = parse_option(&p, option, optarg)) != 0)
			return status;
	if (p.keep_s < 0 && !p.has_max && (status = settings_take(&p)) != 0)
		return status;
	for (int i = optind; i < argc && !error; i++)
		error = files_find(&p, dir = argv[i]);
	if (optind == argc)
		error = machine_find(&p);
	if (!is_any_policy(&p) && !p.wrong.text[0]) {
		prune_clear(&p);
		return verb_fail(EXIT_USAGE,
		    "retain or retain_size in " TTYWRAP_CONF
		    " is needed, or --older-than TIME or --max-size SIZE: what may go?");
	}
	if (!error) {
		if (p.n > 0)
			qsort(p.files, p.n, sizeof *p.files, by_age);
		prune_run(&p);
		prune_report(&p);
	}
	prune_clear(&p);
	if (error && p.wrong.text[0])
		return verb_fail(EXIT_USAGE, "%s", p.wrong.text);
	if (error)
		return verb_fail_path(dir, error);
	return p.failed ? EXIT_FAILED : EXIT_OK;
}
