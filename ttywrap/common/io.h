/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMMON_IO_H
#define COMMON_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* EINTR, short reads and short writes are handled here and nowhere else. */

/*
 * Writes all n bytes to a blocking descriptor. Returns 0, or -errno with an
 * unknown part of the bytes written.
 */
int io_write_all(int fd, const void *buf, size_t n);

/* One read(2), again on EINTR. Returns what was read, 0 at the end, or -errno (-EAGAIN too). */
ssize_t io_read(int fd, void *buf, size_t n);

/* One write(2), again on EINTR. Returns what was written, possibly less than n, or -errno. */
ssize_t io_write(int fd, const void *buf, size_t n);

/*
 * Reads a whole small file or descriptor until its end, at most max bytes.
 * Returns the length, -EFBIG when there is more than max, or -errno.
 */
ssize_t io_read_all(int fd, void *buf, size_t max);

/* Closes *fd when it is open (>= 0) and sets it to -1. */
void io_close(int *fd);

/* CLOCK_MONOTONIC in nanoseconds. It never runs backwards and never fails. */
int64_t io_now_ns(void);

#endif
