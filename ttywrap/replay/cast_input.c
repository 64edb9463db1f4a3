/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, the ordinary user's program. Distrusts the whole file: lengths, checksums, compressed
 * data. */
#include "replay/cast_input.h"

#include "common/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define RAW_SIZE   65536 /* bytes of the file read at once */
#define READ_SIZE  65536 /* room made for the stream's bytes */
#define WINDOW_LOG 25    /* 32 MiB: zstd -19 makes 8 MiB windows; more than this is no recording */

struct cast_input {
	int fd;
	int compressed;
	int mid_frame;
	off_t offset; /* of the next byte that input_read gives */
	ZSTD_DCtx *zstd;
	ZSTD_inBuffer in;
	char *buf;         /* the stream's bytes from the current line on */
	size_t size;       /* of buf */
	size_t start, end; /* unread bytes in buf */
	size_t searched;   /* from start on, bytes known to hold no line end */
	size_t line_max;
	int skipping; /* inside a line that was too long */
	uint8_t raw[RAW_SIZE];
};

/* The first four bytes say what the file is; a shorter one is plain. */
static int
input_sniff(struct cast_input *c)
{
	static const uint8_t magic[4] = {0x28, 0xb5, 0x2f, 0xfd};

	c->in = (ZSTD_inBuffer){c->raw, 0, 0};
	while (c->in.size < sizeof magic) {
		ssize_t got = io_read(c->fd, c->raw + c->in.size, sizeof c->raw - c->in.size);

		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		c->in.size += (size_t)got;
	}
	c->compressed = c->in.size >= sizeof magic && memcmp(c->raw, magic, sizeof magic) == 0;
	if (!c->compressed)
		return 0;
	c->zstd = ZSTD_createDCtx();
	return c->zstd && !ZSTD_isError(
			      ZSTD_DCtx_setParameter(c->zstd, ZSTD_d_windowLogMax, WINDOW_LOG))
		   ? 0
		   : -ENOMEM;
}

struct cast_input *
cast_input_new(int fd, size_t line_max)
{
	struct cast_input *c = calloc(1, sizeof *c);
	int err;

	if (!c) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	c->fd = fd;
	c->line_max = line_max;
	err = input_sniff(c);
	if (err == 0)
		return c;
	cast_input_free(c);
	errno = -err;
	return NULL;
}

void
cast_input_free(struct cast_input *c)
{
	if (!c)
		return;
	ZSTD_freeDCtx(c->zstd);
	io_close(&c->fd);
	free(c->buf);
	free(c);
}

/* Makes in hold at least one unread byte. Returns 1, 0 at the end, or -errno. */
static int
input_fill(struct cast_input *c)
{
	ssize_t got;

	if (c->in.pos < c->in.size)
		return 1;
	got = io_read(c->fd, c->raw, sizeof c->raw);
	if (got < 0)
		return (int)got;
	c->in.pos = 0;
	c->in.size = (size_t)got;
	return got > 0;
}

static ssize_t
read_plain(struct cast_input *c, void *buf, size_t n)
{
	size_t left = c->in.size - c->in.pos;

	if (left == 0)
		return io_read(c->fd, buf, n);
	if (n > left)
		n = left;
	memcpy(buf, c->raw + c->in.pos, n);
	c->in.pos += n;
	return (ssize_t)n;
}

/* At the end of the file one more call with no input brings out what the decoder still holds. */
static ssize_t
read_zstd(struct cast_input *c, void *buf, size_t n)
{
	ZSTD_outBuffer out = {buf, n, 0};

	while (out.pos == 0) {
		int more = input_fill(c);
		size_t hint;

		if (more < 0)
			return more;
		if (!more && !c->mid_frame)
			return 0;
		hint = ZSTD_decompressStream(c->zstd, &out, &c->in);
		if (ZSTD_isError(hint))
			return -EBADMSG;
		c->mid_frame = hint != 0;
		if (!more && out.pos == 0)
			return 0;
	}
	return (ssize_t)out.pos;
}

static ssize_t
input_read(struct cast_input *c, void *buf, size_t n)
{
	ssize_t got = c->compressed ? read_zstd(c, buf, n) : read_plain(c, buf, n);

	if (got > 0)
		c->offset += got;
	return got;
}

/* Room for more bytes behind end, by moving what is there to the front first. Returns 0 or -ENOMEM.
 */
static int
line_room(struct cast_input *c)
{
	size_t size = c->size ? c->size : READ_SIZE;
	char *grown;

	if (c->start > 0) {
		memmove(c->buf, c->buf + c->start, c->end - c->start);
		c->end -= c->start;
		c->start = 0;
	}
	while (size - c->end < READ_SIZE)
		size *= 2;
	if (size == c->size)
		return 0;
	grown = realloc(c->buf, size);
	if (!grown)
		return -ENOMEM;
	c->buf = grown;
	c->size = size;
	return 0;
}

/* A line end within the bytes that are there. Returns 1 with the line, 0 when there is none. */
static int
line_take(struct cast_input *c, struct cast_line *line)
{
	char *from = c->buf ? c->buf + c->start + c->searched : NULL;
	char *lf = c->end > c->start + c->searched
		       ? memchr(from, '\n', c->end - c->start - c->searched)
		       : NULL;

	if (!lf) {
		c->searched = c->end - c->start;
		return 0;
	}
	line->text = c->buf + c->start;
	line->len = (size_t)(lf - line->text);
	line->offset = c->offset - (off_t)(c->end - c->start);
	c->start += line->len + 1;
	c->searched = 0;
	return 1;
}

int
cast_input_line(struct cast_input *c, struct cast_line *line)
{
	for (;;) {
		ssize_t got;
		int found = line_take(c, line);

		if (found && c->skipping) {
			c->skipping = 0;
			continue;
		}
		if (found)
			return line->len > c->line_max ? -EMSGSIZE : 1;
		if (c->end - c->start > c->line_max || c->skipping) {
			int first = !c->skipping;

			c->start = c->end = c->searched = 0;
			c->skipping = 1;
			if (first)
				return -EMSGSIZE;
		}
		got = line_room(c);
		if (got == 0)
			got = input_read(c, c->buf + c->end, c->size - c->end);
		if (got <= 0)
			return (int)got;
		c->end += (size_t)got;
	}
}

struct cast_line
cast_input_rest(const struct cast_input *c)
{
	size_t len = c->end - c->start;

	return (struct cast_line){c->buf ? c->buf + c->start : NULL, len, c->offset - (off_t)len};
}

int
cast_input_is_mid_frame(const struct cast_input *c)
{
	return c->compressed && c->mid_frame;
}

/* From the start again, and read over what comes before offset. */
static int
seek_zstd(struct cast_input *c, off_t offset)
{
	uint8_t skip[16384];

	if (offset < c->offset) {
		if (lseek(c->fd, 0, SEEK_SET) < 0)
			return -errno;
		ZSTD_DCtx_reset(c->zstd, ZSTD_reset_session_only);
		c->in.pos = c->in.size = 0;
		c->mid_frame = 0;
		c->offset = 0;
	}
	while (c->offset < offset) {
		off_t left = offset - c->offset;
		ssize_t got =
		    input_read(c, skip, left < (off_t)sizeof skip ? (size_t)left : sizeof skip);

		if (got <= 0)
			return got < 0 ? (int)got : -EINVAL;
	}
	return 0;
}

int
cast_input_seek(struct cast_input *c, off_t offset)
{
	c->start = c->end = c->searched = 0;
	c->skipping = 0;
	if (c->compressed)
		return seek_zstd(c, offset);
	if (lseek(c->fd, offset, SEEK_SET) < 0)
		return -errno;
	c->in.pos = c->in.size = 0;
	c->offset = offset;
	return 0;
}
