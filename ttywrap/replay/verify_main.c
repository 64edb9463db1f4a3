/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, the ordinary user's program. Distrusts recordings, their names, and the audit log as a
 * format. */
#include "replay/locate.h"
#include "replay/sandbox.h"
#include "replay/verify.h"
#include "replay/verify_audit.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct task {
	struct verify_audit *audit;
	int quiet;
	int directories; /* one was given: then recordings can be missing from it */
	enum verify_verdict worst;
};

static void
usage(FILE *to)
{
	fputs("usage: ttywrap --verify [--audit FILE|-] [--quiet] LOG|DIRECTORY ...\n"
	      "exit status: 0 intact, 1 torn, 2 trouble, 3 altered, 4 not proved or missing\n",
	    to);
}

/* One line, whatever the name and the text hold. */
static void
say(const struct task *t, enum verify_verdict verdict, const char *name, const char *text)
{
	if (t->quiet && verdict == VERIFY_INTACT)
		return;
	for (; *name; name++)
		putchar((unsigned char)*name >= ' ' && *name != 0x7f && (unsigned char)*name < 0x80
			    ? *name
			    : '?');
	printf(": %s\n", text);
}

static void
check_file(struct task *t, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct verify v;

	if (fd < 0) {
		t->worst = verify_worse(t->worst, VERIFY_TROUBLE);
		say(t, VERIFY_TROUBLE, path, strerror(errno));
		return;
	}
	verify_file(&v, fd, path);
	if (t->audit)
		verify_audit_compare(t->audit, &v);
	t->worst = verify_worse(t->worst, v.verdict);
	say(t, v.verdict, path, v.text);
	verify_clear(&v);
}

static int
has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n > k && strcmp(name + n - k, suffix) == 0;
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* All *.cast and *.cast.zst below it; symbolic links are not followed. */
static void
check_directory(struct task *t, char *path)
{
	char *const roots[] = {path, NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *e;

	t->directories = 1;
	while (walk && (errno = 0, e = fts_read(walk))) {
		if (e->fts_info == FTS_F &&
		    (has_suffix(e->fts_name, ".cast") || has_suffix(e->fts_name, ".cast.zst")))
			check_file(t, e->fts_path);
		if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS) {
			t->worst = verify_worse(t->worst, VERIFY_TROUBLE);
			say(t, VERIFY_TROUBLE, e->fts_path, strerror(e->fts_errno));
		}
	}
	if (!walk || errno) {
		t->worst = verify_worse(t->worst, VERIFY_TROUBLE);
		say(t, VERIFY_TROUBLE, path, strerror(errno));
	}
	if (walk)
		fts_close(walk);
}

static void
say_missing(const char *rec, size_t seals, int closed)
{
	printf("%s: MISSING: the audit trail has %zu seal%s of it%s\n", rec, seals,
	    seals == 1 ? "" : "s", closed ? ", the last one included" : "");
}

/* Returns 0 or -1 with the reason said. */
static int
read_audit(struct task *t, const char *path)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	verify_audit_free(t->audit);
	t->audit = fd >= 0 ? verify_audit_new(fd) : NULL;
	if (!t->audit) {
		fprintf(stderr, "ttywrap: --audit %s: %s\n", path, strerror(errno));
		return -1;
	}
	if (verify_audit_malformed(t->audit) > 0) {
		fprintf(stderr, "ttywrap: --audit %s: %zu seal records are damaged\n", path,
		    verify_audit_malformed(t->audit));
		t->worst = VERIFY_UNPROVEN;
	}
	return 0;
}

/* A path, or a recording's name as --list prints it. */
static void
check_one(struct task *t, char *name)
{
	struct stat st;
	char *path;

	if (stat(name, &st) == 0 && S_ISDIR(st.st_mode)) {
		check_directory(t, name);
		return;
	}
	path = locate_path(name);
	check_file(t, path ? path : name);
	free(path);
}

static void
check_all(struct task *t, char **names)
{
	for (; *names; names++)
		check_one(t, *names);
	if (t->audit && t->directories && verify_audit_missing(t->audit, say_missing) > 0)
		t->worst = verify_worse(t->worst, VERIFY_UNPROVEN);
}

int
verify_main(int argc, char **argv)
{
	static const struct option options[] = {{"verify", no_argument, NULL, 'v'},
	    {"audit", required_argument, NULL, 'a'}, {"quiet", no_argument, NULL, 'q'},
	    {"help", no_argument, NULL, 'h'}, {NULL}};
	struct task t = {.worst = VERIFY_INTACT};
	const char *audit = NULL;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "a:qh", options, NULL)) != -1) {
		if (c == 'a')
			audit = optarg;
		else if (c == 'q')
			t.quiet = 1;
		else if (c != 'v') {
			usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? VERIFY_INTACT : VERIFY_TROUBLE;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return VERIFY_TROUBLE;
	}
	if (sandbox_enter(SANDBOX_MANY) != 0)
		return VERIFY_TROUBLE;
	if (audit && read_audit(&t, audit))
		return VERIFY_TROUBLE;
	check_all(&t, argv + optind);
	verify_audit_free(t.audit);
	if (fflush(stdout) || ferror(stdout))
		return VERIFY_TROUBLE;
	return t.worst;
}
