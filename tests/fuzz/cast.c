/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file as a recording: read to its end, sought in, verified. Compressed ones are told apart by
 * their magic. */
#include "common/io.h"
#include "replay/cast.h"
#include "replay/verify.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || io_write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

/* Touches every byte, so that the sanitizer sees it; checks what cast.h promises. */
static unsigned
read_all(struct cast *c, struct cast_event *first, int *events)
{
	struct cast_error err;
	struct cast_event ev;
	int64_t last_ns = 0;
	unsigned sum = 0;
	int more, wrong = 0;

	while ((more = cast_next(c, &ev, &err)) != 0 && wrong < 100) {
		if (more < 0) {
			wrong++;
			sum += (unsigned)strlen(err.text);
			continue;
		}
		if (ev.time_ns < last_ns || ev.cols < 1 || ev.cols > CAST_SIZE_MAX || ev.rows < 1 ||
		    ev.rows > CAST_SIZE_MAX)
			abort();
		last_ns = ev.time_ns;
		for (size_t i = 0; i < ev.len; i++)
			sum += ev.data[i];
		if ((*events)++ == 0)
			*first = ev;
	}
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cast_error err;
	struct cast_event first, again;
	struct cast *c = cast_open(file_of(data, size), "fuzz", &err);
	struct verify v;
	int events = 0;

	if (c) {
		read_all(c, &first, &events);
		if (events > 0 && cast_seek(c, &first, &err) == 0 &&
		    (cast_next(c, &again, &err) != 1 || again.offset != first.offset ||
			again.code != first.code))
			abort();
		cast_free(c);
	}
	verify_file(&v, file_of(data, size), "fuzz");
	for (const char *p = v.text; *p; p++)
		if (*p < ' ' || *p > '~')
			abort();
	verify_clear(&v);
	return 0;
}
