/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. The file is hostile: any bytes, any line length. */
#include "replay/tail.h"

#include "replay/cast_parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define TAIL_SIZE  ((off_t)64 << 10)
#define ZSTD_BEGIN "\x28\xb5\x2f\xfd" /* RFC 8878 */
#define LINES_SEEN 4 /* the exit event has a seal behind it, and the totals in front */

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

/* Exactly as the recorder writes it: anything else is not believed. */
static bool
totals_take(struct tail *t, const struct cast_raw *raw)
{
	char again[128], text[128];
	int n;

	if (raw->len >= sizeof text)
		return false;
	memcpy(text, raw->data, raw->len);
	text[raw->len] = '\0';
	if (sscanf(text, "out=%" SCNu64 " in=%" SCNu64 " markers=%" SCNu64, &t->bytes_out,
		&t->bytes_in, &t->markers) != 3)
		return false;
	n = snprintf(again, sizeof again, "out=%" PRIu64 " in=%" PRIu64 " markers=%" PRIu64,
	    t->bytes_out, t->bytes_in, t->markers);
	return n == (int)raw->len && memcmp(text, again, raw->len) == 0;
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
	if (t->closed && !strcmp(raw->code, "t"))
		t->counted = totals_take(t, raw);
}

/*
 * The last frame's content, or its end; its beginning is looked for from behind. A frame that the
 * content of another one happens to look like is not whole up to the file's end.
 */
static ssize_t
frame_read(const char *in, size_t n, char *buf, size_t size)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	ssize_t got = -EINVAL;

	for (size_t i = n < 4 ? 0 : n - 3; zstd != NULL && got < 0 && i > 0; i--) {
		const char *p = in + i - 1;
		size_t left = n - (i - 1);

		if (memcmp(p, ZSTD_BEGIN, 4) == 0 &&
		    ZSTD_findFrameCompressedSize(p, left) == left) {
			size_t made = ZSTD_decompressDCtx(zstd, buf, size, p, left);

			got = ZSTD_isError(made) ? -EINVAL : (ssize_t)made;
		}
	}
	ZSTD_freeDCtx(zstd);
	return got;
}

/* The file's last lines, perhaps not the first of them whole. Returns the length; *all: it is all of them. */
static ssize_t
lines_read(int fd, char buf[TAIL_SIZE], bool *all)
{
	char packed[TAIL_SIZE], magic[4];
	struct stat st;
	off_t from;
	ssize_t n;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	from = st.st_size > TAIL_SIZE ? st.st_size - TAIL_SIZE : 0;
	*all = from == 0;
	if (pread(fd, magic, sizeof magic, 0) != sizeof magic || memcmp(magic, ZSTD_BEGIN, 4) != 0)
		return pread(fd, buf, TAIL_SIZE, from);
	*all = true; /* a frame begins with a line */
	n = pread(fd, packed, sizeof packed, from);
	return n > 0 ? frame_read(packed, (size_t)n, buf, TAIL_SIZE) : -EINVAL;
}

int
tail_read(int fd, struct tail *t)
{
	char buf[TAIL_SIZE], *end;
	bool all = false;
	int seen = 0;
	ssize_t n;

	*t = (struct tail){.status = -1};
	n = lines_read(fd, buf, &all);
	end = n > 0 ? memrchr(buf, '\n', (size_t)n) : NULL;
	while (end && seen < LINES_SEEN) {
		char *line = line_before(buf, end, all);
		struct cast_raw raw;

		if (!line)
			break;
		if (!cast_parse(line, (size_t)(end - line), &raw))
			line_take(t, &raw, seen++ == 0);
		end = line > buf ? line - 1 : NULL;
	}
	return seen > 0 ? 0 : -EINVAL;
}
