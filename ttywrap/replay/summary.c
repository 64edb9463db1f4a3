/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. The recording is hostile. */
#include "replay/summary.h"

#include "common/io.h"
#include "replay/live.h"
#include "replay/tail.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *
copy_field(const struct cast *c, const char *key)
{
	const char *value = cast_field(c, key);

	return strdup(value ? value : "");
}

/* "dir/1000-7-x.cast.zst" is "1000-7-x". */
static char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path,
		   *dot = strstr(base, ".cast");

	return dot && dot > base ? strndup(base, (size_t)(dot - base)) : strdup(base);
}

static int
take_header(struct summary *s, const struct cast *c, const char *path)
{
	const struct cast_header *h = cast_header(c);

	s->path = strdup(path);
	s->name = name_of(path);
	s->user = copy_field(c, "user");
	s->uid = copy_field(c, "uid");
	s->session = copy_field(c, "ses");
	s->terminal = copy_field(c, "tty");
	s->from = copy_field(c, "addr");
	s->host = copy_field(c, "host");
	s->title = strdup(h->title ? h->title : "");
	s->start_s = h->timestamp;
	return s->path && s->name && s->user && s->uid && s->session && s->terminal && s->from &&
		       s->host && s->title
		   ? 0
		   : -1;
}

static void
count_event(struct summary *s, const struct cast_event *ev)
{
	s->duration_ns = ev->time_ns;
	if (ev->code == 'o')
		s->bytes += ev->len;
	else if (ev->code == 'i')
		s->inputs += ev->len;
	else if (ev->code == 'm')
		s->commands++;
	else if (ev->code == 'x') {
		s->state = SUMMARY_CLOSED;
		s->status = tail_status((const char *)ev->data, ev->len);
	}
}

static void
take_tail(struct summary *s, const struct tail *t)
{
	s->duration_ns = t->last_ns;
	s->status = t->status;
	s->state = t->closed ? SUMMARY_CLOSED : SUMMARY_CUT_OFF;
	s->counted = t->counted;
	s->bytes = t->bytes_out;
	s->inputs = t->bytes_in;
	s->commands = t->markers;
}

#define PROBLEMS_MAX 1000

static void
count_events(struct summary *s, struct cast *c)
{
	struct cast_event ev;
	struct cast_error err;
	int got;

	while ((got = cast_next(c, &ev, &err)) != 0 && s->problems < PROBLEMS_MAX)
		if (got > 0)
			count_event(s, &ev);
		else
			s->problems++;
	s->counted = s->read_whole = true;
}

/* Other programs' asciicasts don't say that they ended: whole is closed. */
static void
settle_state(struct summary *s, const struct cast *c, int file_fd, bool ours)
{
	if (live_is_held(file_fd))
		s->state = SUMMARY_LIVE;
	else if (!ours && s->state == SUMMARY_CUT_OFF && !(s->counted && cast_is_torn(c)))
		s->state = SUMMARY_CLOSED;
}

int
summary_read(struct summary *s, int fd, const char *path, bool count, struct cast_error *err)
{
	int file_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3), result = -1;
	struct stat st;
	struct tail tail;
	struct cast *c;

	*s = (struct summary){.duration_ns = -1, .state = SUMMARY_CUT_OFF, .status = -1};
	c = cast_open(fd, path, err);
	if (!c || take_header(s, c, path) != 0)
		goto out;
	if (fstat(file_fd, &st) == 0)
		s->size = st.st_size;
	if (tail_read(file_fd, &tail) == 0 && (!count || tail.counted))
		take_tail(s, &tail);
	else
		count_events(s,
		    c); /* one that was cut off, and those of other programs; a compressed one for its end, too */
	settle_state(s, c, file_fd, cast_field(c, "start") != NULL);
	result = 0;
out:
	cast_free(c);
	io_close(&file_fd);
	return result;
}

void
summary_clear(struct summary *s)
{
	char *strings[] = {
	    s->path, s->name, s->user, s->uid, s->session, s->terminal, s->from, s->host, s->title};

	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		free(strings[i]);
	*s = (struct summary){0};
}

const char *
summary_state_name(enum summary_state state)
{
	static const char *const names[] = {"live", "closed", "cut off"};

	return names[state];
}
