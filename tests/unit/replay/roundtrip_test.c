/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the pump writes, the reader gives back to the byte: random bytes, random splits, random
 * times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pump/recording.h"
#include "pump/recording_writer.h"
#include "replay/cast.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MS   INT64_C(1000000)
#define SIZE 60000

static uint8_t sent[2][SIZE], back[2][SIZE];

static unsigned
dice(unsigned n)
{
	return (unsigned)(random() >> 4) % n;
}

/* Five kinds of bytes: noise, text, UTF-8 of all lengths, controls, and valid characters with a few
 * bytes broken. */
static void
fill(uint8_t *p, size_t n, unsigned kind)
{
	static const char *const pieces[] = {"plain text ", "\xc3\xa4", "\xe2\x82\xac",
	    "\xf0\x9f\x98\x80", "\033[1;31m", "\r\n", "\xc2\x9b", "\xe2\x80\xa8", "\"\\", "\x7f"};
	size_t i = 0;

	while (i < n) {
		const char *piece = pieces[dice(10)];
		size_t len = strlen(piece);

		if (kind == 0 || kind == 3) {
			p[i++] = (uint8_t)(kind == 0 ? dice(256) : dice(32));
			continue;
		}
		if (kind == 1)
			piece = pieces[0], len = 1 + dice(11);
		if (len > n - i)
			len = n - i;
		memcpy(p + i, piece, len);
		i += len;
		if (kind == 4 && dice(20) == 0)
			p[i - 1] ^= (uint8_t)(1 << dice(8));
	}
}

/* Returns the descriptor, rewound. */
static int
record(const struct recording_options *options, unsigned largest)
{
	const struct encode_header header = {
	    .cols = 80, .rows = 24, .wall_ns = 1700000000 * INT64_C(1000000000)};
	int fd = memfd_create("recording", MFD_CLOEXEC), copy = dup(fd);
	size_t done[2] = {0, 0};
	struct recording *r;
	int64_t now = 5 * MS;

	assert_int_equal(recording_new(&r, fd, now, &header, options, NULL, NULL), 0);
	while (done[0] < SIZE || done[1] < SIZE) {
		int which = (int)dice(2);
		size_t n = 1 + dice(largest), left = SIZE - done[which];

		n = n < left ? n : left;
		while ((which ? recording_input : recording_output)(
			   r, now, sent[which] + done[which], n) == -EAGAIN)
			assert_int_equal(recording_tick(r, now), 0);
		done[which] += n;
		now += dice(3) * MS * 40;
		if (dice(4) == 0)
			assert_int_equal(recording_tick(r, now), 0);
		if (dice(10) == 0)
			assert_int_equal(recording_marker(r, now, "\xff marker", 8), 0);
	}
	assert_int_equal(recording_close(r, now, 0), 0);
	recording_free(r);
	assert_int_equal(lseek(copy, 0, SEEK_SET), 0);
	return copy;
}

static void
read_back(int fd, size_t got[2])
{
	struct cast_error err;
	struct cast_event ev;
	struct cast *c = cast_open(fd, "roundtrip", &err);
	int more;

	assert_non_null(c);
	got[0] = got[1] = 0;
	while ((more = cast_next(c, &ev, &err)) == 1) {
		int which = ev.code == 'i';

		if (ev.code != 'o' && ev.code != 'i')
			continue;
		assert_true(got[which] + ev.len <= SIZE);
		memcpy(back[which] + got[which], ev.data, ev.len);
		got[which] += ev.len;
	}
	if (more < 0)
		fail_msg("%s", err.text);
	assert_false(cast_is_torn(c));
	cast_free(c);
}

static void
round_trips(const struct recording_options *options, unsigned seeds)
{
	for (unsigned seed = 0; seed < seeds; seed++) {
		size_t got[2];

		srandom(seed);
		fill(sent[0], SIZE, seed % 5);
		fill(sent[1], SIZE, dice(5));
		read_back(record(options, seed % 3 ? 5000 : 7), got);
		if (got[0] != SIZE || got[1] != SIZE || memcmp(sent, back, sizeof sent) != 0)
			fail_msg("seed %u: %zu and %zu bytes came back", seed, got[0], got[1]);
	}
}

static void
test_plain(void **state)
{
	const struct recording_options options = {.seal_bytes = 5000};

	(void)state;
	round_trips(&options, 60);
}

static void
test_zstd(void **state)
{
	const struct recording_options options = {.seal_bytes = 20000, .zstd = 1};

	(void)state;
	round_trips(&options, 20);
}

static void
test_with_a_writer(void **state)
{
	struct recording_options options = {.seal_bytes = 20000, .writer = recording_writer_new()};

	(void)state;
	assert_non_null(options.writer);
	round_trips(&options, 20);
	options.zstd = 3;
	round_trips(&options, 10);
	recording_writer_free(options.writer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_zstd),
	    cmocka_unit_test(test_with_a_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
