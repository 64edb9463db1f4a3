/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_CAST_INPUT_H
#define REPLAY_CAST_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The lines of a recording, plain or zstd (told apart by the first four bytes). "Offset" is always
 * that of the uncompressed stream. A file that is still growing can be read on after an end.
 */

struct cast_input;

/*
 * Takes fd over, also on failure (NULL, errno set: ENOMEM or what read(2) said). Lines longer than
 * line_max bytes are refused.
 */
struct cast_input *cast_input_new(int fd, size_t line_max);
void cast_input_free(struct cast_input *);

struct cast_line {
	char *text;   /* without its line end; may be changed in place; valid until the next call */
	size_t len;   /* NUL bytes are counted like any other */
	off_t offset; /* of its first byte */
};

/*
 * Returns 1 with the next whole line (what stood before its '\n'), 0 at the end, or -errno:
 * -EMSGSIZE for a line over the maximum (the next call goes on after it), -EBADMSG when the
 * compressed data is damaged. After 0 it may be called again: it goes on when the file has grown.
 */
int cast_input_line(struct cast_input *, struct cast_line *line);

/* After the end: the bytes behind the last line end, a line that isn't whole. Valid until the next
 * call. */
struct cast_line cast_input_rest(const struct cast_input *);

/* 1 when the compressed stream stops inside a frame: the recorder was cut off, or is still writing.
 */
int cast_input_is_mid_frame(const struct cast_input *);

/*
 * The next line read begins at offset: an lseek for a plain file, for a compressed one reading on
 * (or again from the start). Returns 0 or -errno; -ESPIPE when fd cannot seek, -EINVAL when offset
 * lies beyond the end.
 */
int cast_input_seek(struct cast_input *, off_t offset);

#endif
