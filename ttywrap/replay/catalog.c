/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. What lies in the directories may be anything; links are not followed. */
#include "replay/catalog.h"

#include "replay/locate.h"
#include "replay/verbs.h"
#include "when.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Filters */

static int
option_state(struct catalog_filter *f, const char *argument)
{
	if (!strcmp(argument, "live"))
		f->state = SUMMARY_LIVE;
	else if (!strcmp(argument, "closed"))
		f->state = SUMMARY_CLOSED;
	else if (!strcmp(argument, "cut-off") || !strcmp(argument, "cut off"))
		f->state = SUMMARY_CUT_OFF;
	else {
		verb_fail(EXIT_USAGE, "--state %s: live, closed or cut-off is needed", argument);
		return -1;
	}
	return 1;
}

static int
option_when(struct catalog_filter *f, bool since, const char *argument)
{
	struct when w;

	if (when_parse(argument, time(NULL), &w) != 0) {
		verb_fail(EXIT_USAGE, "--%s %s: a date is needed: %s", since ? "since" : "until",
		    argument, when_forms);
		return -1;
	}
	if (since)
		f->since_s = w.start;
	else
		f->until_s = w.end;
	return 1;
}

int
catalog_option(struct catalog_filter *f, int c, const char *argument)
{
	switch (c) {
	case CATALOG_USER:
		f->user = argument;
		return 1;
	case CATALOG_FROM:
		f->from = argument;
		return 1;
	case CATALOG_TERMINAL:
		f->terminal = argument;
		return 1;
	case CATALOG_SESSION:
		f->session = argument;
		return 1;
	case CATALOG_STATE:
		return option_state(f, argument);
	case CATALOG_SINCE:
	case CATALOG_UNTIL:
		return option_when(f, c == CATALOG_SINCE, argument);
	default:
		return 0;
	}
}

/* "192.0.2.1:22", "192.0.2.1 port 22", "[2001:db8::1]:22", "2001:db8::1": the address's 16 bytes, IPv4 mapped. */
static bool
address_parse(const char *text, unsigned char out[16])
{
	char buf[INET6_ADDRSTRLEN + 1];
	size_t n;

	text += *text == '[';
	n = strspn(text, "0123456789abcdefABCDEF.:");
	if (memchr(text, '.', n) && !memchr(text, ':', strcspn(text, ".")))
		n = strspn(text, "0123456789.");
	if (n == 0 || n >= sizeof buf)
		return false;
	memcpy(buf, text, n);
	buf[n] = '\0';
	if (inet_pton(AF_INET6, buf, out) == 1)
		return true;
	memcpy(out, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
	return inet_pton(AF_INET, buf, out + 12) == 1;
}

static bool
prefix_equal(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8))
		return false;
	return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

bool
catalog_address_fits(const char *address, const char *wanted)
{
	const char *slash = strchr(wanted, '/');
	unsigned char net[16], have[16];
	char *end;
	unsigned long bits;

	if (!address_parse(wanted, net))
		return strstr(address, wanted) != NULL;
	bits = slash ? strtoul(slash + 1, &end, 10) : 128;
	if (slash && (*end || end == slash + 1))
		return false;
	if (slash && !strchr(wanted, ':'))
		bits += 96;
	return bits <= 128 && address_parse(address, have) &&
	       prefix_equal(net, have, (unsigned)bits);
}

static bool
time_fits(const struct catalog_filter *f, const struct summary *s)
{
	int64_t end = s->start_s + (s->duration_ns > 0 ? s->duration_ns / 1000000000 : 0);

	if (s->state == SUMMARY_LIVE)
		end = INT64_MAX;
	return (f->since_s < 0 || end >= f->since_s) && (f->until_s < 0 || s->start_s < f->until_s);
}

bool
catalog_fits(const struct catalog_filter *f, const struct summary *s)
{
	if (f->user && strcmp(f->user, s->user) && strcmp(f->user, s->uid))
		return false;
	if (f->from && !catalog_address_fits(s->from, f->from))
		return false;
	if (f->terminal && !strstr(s->terminal, f->terminal))
		return false;
	if (f->session && strcmp(f->session, s->session))
		return false;
	if (f->state >= 0 && f->state != (int)s->state)
		return false;
	return time_fits(f, s);
}

/* Directories */

bool
catalog_is_name(const char *name)
{
	size_t n = strlen(name);

	return (n > 5 && !strcmp(name + n - 5, ".cast")) ||
	       (n > 9 && !strcmp(name + n - 9, ".cast.zst"));
}

static struct summary *
catalog_room(struct catalog *c)
{
	size_t more = c->size ? c->size * 2 : 64;
	void *p;

	if (c->n < c->size)
		return &c->items[c->n];
	p = realloc(c->items, more * sizeof *c->items);
	if (!p)
		return NULL;
	c->items = p;
	c->size = more;
	return &c->items[c->n];
}

/* First without the counts, which cost reading all of it, as most may not fit. */
static int
catalog_add(struct catalog *c, const char *path, int follow, const struct catalog_filter *f)
{
	struct summary *s = catalog_room(c);
	struct cast_error err;
	bool fits;

	if (!s)
		return -ENOMEM;
	for (int count = 0; count <= (c->count ? 1 : 0); count++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow);

		if (fd < 0) {
			c->unreadable++;
			return -errno;
		}
		c->opened++;
		if (summary_read(s, fd, path, count, &err) != 0) {
			summary_clear(s);
			c->unreadable++;
			return 0;
		}
		fits = catalog_fits(f, s);
		if (!fits || s->counted || count == (c->count ? 1 : 0))
			break;
		summary_clear(s);
	}
	if (fits)
		c->n++;
	else
		summary_clear(s);
	return 0;
}

/* Returns 0, or -errno when path itself can't be read. */
static int
catalog_walk(struct catalog *c, const char *path, const struct catalog_filter *f)
{
	char *paths[] = {strdup(path), NULL};
	FTS *fts =
	    paths[0] ? fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, NULL) : NULL;
	FTSENT *e;
	int error = fts ? 0 : -ENOMEM;

	while (fts && (e = fts_read(fts))) {
		if ((e->fts_info == FTS_DNR || e->fts_info == FTS_NS || e->fts_info == FTS_ERR) &&
		    e->fts_level == 0)
			error = -e->fts_errno;
		else if (e->fts_info == FTS_F && e->fts_level == 0)
			error = catalog_add(c, e->fts_accpath, 0, f);
		else if (e->fts_info == FTS_F && catalog_is_name(e->fts_name))
			catalog_add(c, e->fts_path, O_NOFOLLOW, f);
	}
	if (fts)
		fts_close(fts);
	free(paths[0]);
	return error;
}

static int
by_start(const void *a, const void *b)
{
	const struct summary *x = a, *y = b;

	if (x->start_s != y->start_s)
		return x->start_s < y->start_s ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int
catalog_defaults(struct catalog *c, const struct catalog_filter *f, const char **wrong)
{
	const char *const *dirs = locate_directories();
	int worst = 0;
	bool any = false;

	for (; *dirs; dirs++) {
		int error = catalog_walk(c, *dirs, f);

		any |= error == 0;
		if (error && (worst == 0 || error == -EACCES)) {
			worst = error;
			*wrong = *dirs;
		}
	}
	return any ? 0 : worst;
}

/* A recording by its name alone lies below the directories. */
static int
catalog_named(struct catalog *c, const char *name, const struct catalog_filter *f)
{
	char *path = locate_path(name);
	int error = path ? catalog_walk(c, path, f) : -errno;

	free(path);
	return error;
}

int
catalog_read(struct catalog *c, char *const *paths, int n_paths, const struct catalog_filter *f,
    const char **wrong)
{
	int error = 0;

	if (n_paths == 0)
		error = catalog_defaults(c, f, wrong);
	for (int i = 0; i < n_paths && !error; i++) {
		error = catalog_named(c, paths[i], f);
		*wrong = paths[i];
	}
	if (c->n > 0)
		qsort(c->items, c->n, sizeof *c->items, by_start);
	return error;
}

void
catalog_clear(struct catalog *c)
{
	for (size_t i = 0; i < c->n; i++)
		summary_clear(&c->items[i]);
	free(c->items);
	*c = (struct catalog){0};
}
