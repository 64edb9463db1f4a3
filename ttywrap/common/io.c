/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every process. Moves bytes without looking at them. */
#include "common/io.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

ssize_t
io_read(int fd, void *buf, size_t n)
{
	ssize_t got;

	do
		got = read(fd, buf, n);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

ssize_t
io_write(int fd, const void *buf, size_t n)
{
	ssize_t put;

	do
		put = write(fd, buf, n);
	while (put < 0 && errno == EINTR);
	return put < 0 ? -errno : put;
}

int
io_write_all(int fd, const void *buf, size_t n)
{
	const char *p = buf;

	while (n > 0) {
		ssize_t put = io_write(fd, p, n);

		if (put < 0)
			return (int)put;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

ssize_t
io_read_all(int fd, void *buf, size_t max)
{
	char *p = buf;
	size_t have = 0;

	for (;;) {
		char beyond;
		ssize_t got =
		    have < max ? io_read(fd, p + have, max - have) : io_read(fd, &beyond, 1);

		if (got < 0)
			return got;
		if (got == 0)
			return (ssize_t)have;
		if (have == max)
			return -EFBIG;
		have += (size_t)got;
	}
}

void
io_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int64_t
io_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
