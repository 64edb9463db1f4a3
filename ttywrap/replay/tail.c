/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. The file is hostile: any bytes, any line length. */
#include "replay/tail.h"

#include "replay/cast_parse.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_SIZE  ((off_t)64 << 10)
#define LINES_SEEN 4 /* the exit event has a seal behind it */

int
tail_status(const char *data, unsigned long len)
{
	int status = 0;

	if (len == 0 || len > 3)
		return -1;
	for (unsigned long i = 0; i < len; i++) {
		if (data[i] < '0' || data[i] > '9')
			return -1;
		status = status * 10 + (data[i] - '0');
	}
	return status;
}

/* The line before end, which is its '\n'; NULL when its beginning isn't in the part that was read. */
static char *
line_before(char *buf, char *end, bool whole_file)
{
	char *line = memrchr(buf, '\n', (size_t)(end - buf));

	return line ? line + 1 : whole_file ? buf : NULL;
}

static void
line_take(struct tail *t, const struct cast_raw *raw, bool last)
{
	if (last)
		t->last_ns = raw->time_ns;
	if (!strcmp(raw->code, "x")) {
		t->closed = true;
		t->status = tail_status(raw->data, raw->len);
	}
}

int
tail_read(int fd, struct tail *t)
{
	char buf[TAIL_SIZE], *end;
	struct stat st;
	off_t from;
	ssize_t n;
	int seen = 0;

	*t = (struct tail){.status = -1};
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	from = st.st_size > TAIL_SIZE ? st.st_size - TAIL_SIZE : 0;
	n = pread(fd, buf, sizeof buf, from);
	end = n > 0 ? memrchr(buf, '\n', (size_t)n) : NULL;
	while (end && seen < LINES_SEEN) {
		char *line = line_before(buf, end, from == 0);
		struct cast_raw raw;

		if (!line)
			break;
		if (!cast_parse(line, (size_t)(end - line), &raw))
			line_take(t, &raw, seen++ == 0);
		end = line > buf ? line - 1 : NULL;
	}
	return seen > 0 ? 0 : -EINVAL;
}
