/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes, split anywhere: what encode.c makes of them, cast.c gives back. The first byte of the
 * input seeds the splits and says which stream it is.
 */
#include "common/io.h"
#include "pump/encode.h"
#include "replay/cast.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Room exactly as ENCODE_ROOM says, so that the sanitizer sees a byte too many. */
static void
put(int fd, char code, struct encode_held *held, const uint8_t *data, size_t n, int end)
{
	char *room = malloc(ENCODE_ROOM(n));
	size_t made =
	    end ? encode_flush(room, code, 5, held) : encode_stream(room, code, 5, held, data, n);

	for (size_t i = 0; i < made; i++)
		if ((room[i] >= 0 && room[i] < ' ' && room[i] != '\n') || room[i] == 0x7f)
			abort();
	if (io_write_all(fd, room, made) < 0)
		abort();
	free(room);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char header[] = "{\"version\":2,\"width\":80,\"height\":24}\n";
	unsigned dice = size > 0 ? data[0] : 0;
	char code = dice & 1 ? 'o' : 'i';
	struct encode_held held = {0};
	struct cast_error err;
	struct cast_event ev;
	size_t done = 0;
	struct cast *c;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || io_write_all(fd, header, sizeof header - 1) < 0)
		abort();
	for (size_t n; done < size; done += n) {
		dice = dice * 1103515245u + 12345u;
		n = 1 + (dice >> 16) % (dice & 0x100 ? 8 : ENCODE_CHUNK);
		n = n < size - done ? n : size - done;
		put(fd, code, &held, data + done, n, 0);
	}
	put(fd, code, &held, NULL, 0, 1);
	lseek(fd, 0, SEEK_SET);
	c = cast_open(fd, "fuzz", &err);
	if (!c)
		abort();
	for (done = 0; done < size; done += ev.len)
		if (cast_next(c, &ev, &err) != 1 || ev.code != code || ev.len > size - done ||
		    memcmp(ev.data, data + done, ev.len) != 0)
			abort();
	if (cast_next(c, &ev, &err) != 0 || cast_is_torn(c))
		abort();
	cast_free(c);
	return 0;
}
