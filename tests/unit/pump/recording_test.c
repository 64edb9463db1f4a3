/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/io.h"
#include "pump/recording.h"
#include "pump/recording_sink.h"
#include "pump/recording_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS INT64_C(1000000)
#define S  (1000 * MS)

static const struct encode_header header = {.cols = 80, .rows = 24, .wall_ns = 1700000000 * S};

struct seals {
	struct seal last;
	int count;
};

static void
sealed(void *arg, const struct seal *seal)
{
	struct seals *s = arg;

	if (!s)
		return;
	s->last = *seal;
	s->count++;
}

static struct recording *
start(int fd, const struct recording_options *options, struct seals *seals)
{
	static const struct recording_options none;
	struct recording *r;

	assert_int_equal(
	    recording_new(&r, fd, 0, &header, options ? options : &none, sealed, seals), 0);
	return r;
}

/* Everything in the file; static, NUL-terminated. */
static const char *
content(int fd)
{
	static char text[1 << 20];
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

/* What is behind the header line. */
static const char *
lines(int fd)
{
	return strchr(content(fd), '\n') + 1;
}

static void
test_events_as_lines(void **state)
{
	int fd = memfd_create("r", MFD_CLOEXEC);
	struct seals seals = {.count = 0};
	struct recording *r = start(dup(fd), NULL, &seals);
	char want[1000];

	(void)state;
	assert_string_equal(lines(fd), "");
	assert_int_equal(recording_output(r, 1 * MS, "$ ", 2), 0);
	assert_int_equal(recording_reader(r, 2 * MS, 7, 1000, 0, "su do"), 0);
	assert_int_equal(recording_reader(r, 2 * MS, 7, 1000, 0, "su do"), 0);
	assert_int_equal(recording_input(r, 3 * MS, "l", 1), 0);
	assert_int_equal(recording_hidden(r, 4 * MS, "noecho"), 0);
	assert_int_equal(recording_resize(r, 3 * MS, 100, 50), 0);
	assert_int_equal(recording_marker(r, 5 * MS, "ls\xff", 3), 0);
	recording_lost(r, 6 * MS, 10, "full");
	recording_lost(r, 7 * MS, 5, "full");
	assert_int_equal(recording_close(r, 8 * MS, 137), 0);
	assert_int_equal(seals.count, 1);
	assert_true(seals.last.is_last);
	snprintf(want, sizeof want,
	    "[0.001000,\"o\",\"$ \"]\n"
	    "[0.002000,\"w\",\"pid=7 uid=1000 euid=0 comm=su do\"]\n"
	    "[0.003000,\"i\",\"l\"]\n"
	    "[0.004000,\"h\",\"why=noecho\"]\n"
	    "[0.004000,\"r\",\"100x50\"]\n"
	    "[0.005000,\"m\",\"ls\xef\xbf\xbd\"]\n"
	    "[0.008000,\"g\",\"bytes=15 from=0.006000 why=full\"]\n"
	    "[0.008000,\"t\",\"out=2 in=1 markers=1\"]\n"
	    "[0.008000,\"x\",\"137\"]\n"
	    "[0.008000,\"s\",\"n=1 end=1 off=%ju hash=blake2b:%s\"]\n",
	    (uintmax_t)seals.last.offset, seals.last.hash);
	assert_string_equal(lines(fd), want);
	assert_memory_equal(content(fd) + seals.last.offset, seals.last.hash, BLAKE2B_HEX);
	recording_free(r);
	close(fd);
}

static void
test_an_event_waits_100_ms_at_most(void **state)
{
	int fd = memfd_create("r", MFD_CLOEXEC);
	struct recording *r = start(dup(fd), NULL, NULL);

	(void)state;
	assert_true(recording_deadline_ns(r) > 30 * S);
	assert_int_equal(recording_output(r, 10 * MS, "a", 1), 0);
	assert_int_equal(recording_output(r, 30 * MS, "b", 1), 0);
	assert_int_equal(recording_deadline_ns(r), 110 * MS);
	assert_int_equal(recording_early_ns(r), 60 * MS);
	assert_int_equal(recording_tick(r, 59 * MS), 0);
	assert_string_equal(lines(fd), "");
	assert_int_equal(recording_tick(r, 60 * MS), 0);
	assert_string_equal(lines(fd), "[0.010000,\"o\",\"a\"]\n[0.030000,\"o\",\"b\"]\n");
	assert_int_equal(recording_early_ns(r), INT64_MAX);
	assert_int_equal(recording_waiting(r), 0);
	assert_int_equal(recording_output(r, 120 * MS, "c", 1), 0);
	assert_int_equal(recording_flush(r, 121 * MS), 0);
	assert_int_equal(recording_waiting(r), 0);
	recording_free(r);
	close(fd);
}

static void
test_half_a_character_waits_100_ms_at_most(void **state)
{
	int fd = memfd_create("r", MFD_CLOEXEC);
	struct recording *r = start(dup(fd), NULL, NULL);

	(void)state;
	assert_int_equal(recording_output(r, 10 * MS, "\xe2\x82", 2), 0);
	assert_int_equal(recording_deadline_ns(r), 110 * MS);
	assert_int_equal(recording_tick(r, 110 * MS), 0);
	assert_int_equal(recording_output(r, 111 * MS, "\xac", 1), 0);
	assert_int_equal(recording_flush(r, 300 * MS), 0);
	assert_string_equal(lines(fd),
	    "[0.110000,\"b\",\"4oI=\"]\n[0.110000,\"o\",\"\xef\xbf\xbd\"]\n"
	    "[0.111000,\"b\",\"rA==\"]\n[0.111000,\"o\",\"\xef\xbf\xbd\"]\n");
	recording_free(r);
	close(fd);
}

static void
test_seals_by_time_and_by_bytes(void **state)
{
	const struct recording_options options = {.seal_ns = 10 * S, .seal_bytes = 1000};
	int fd = memfd_create("r", MFD_CLOEXEC);
	struct seals seals = {.count = 0};
	struct recording *r = start(dup(fd), &options, &seals);
	char block[900];

	(void)state;
	memset(block, 'x', sizeof block);
	assert_int_equal(recording_output(r, 1 * S, "a", 1), 0);
	assert_int_equal(recording_tick(r, 2 * S), 0);
	assert_int_equal(recording_deadline_ns(r), 10 * S); /* counted from the header */
	assert_int_equal(recording_tick(r, 9 * S), 0);
	assert_null(strstr(lines(fd), "\"s\""));
	assert_int_equal(recording_flush(r, 13 * S), 0);
	assert_int_equal(seals.count, 1);
	assert_int_equal(recording_deadline_ns(r), INT64_MAX); /* nothing new, no seal */
	assert_int_equal(recording_output(r, 14 * S, "a", 1), 0);
	assert_int_equal(recording_flush(r, 14 * S), 0);
	assert_int_equal(recording_deadline_ns(r), 24 * S);
	assert_int_equal(recording_output(r, 15 * S, block, sizeof block), 0);
	assert_int_equal(recording_output(r, 15 * S, block, sizeof block), 0);
	assert_int_equal(recording_flush(r, 15 * S), 0);
	assert_int_equal(seals.count, 2);
	recording_free(r);
	close(fd);
}

/* A file size limit stands in for a full disk: a short write first, then EFBIG. */
static void
limit(rlim_t size)
{
	struct rlimit l;

	getrlimit(RLIMIT_FSIZE, &l);
	l.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
	signal(SIGXFSZ, SIG_IGN);
}

/* Nothing taken is lost, whatever the disk says in between, and what was refused is said. */
static void
test_a_full_disk(void **state)
{
	int fd = memfd_create("r", MFD_CLOEXEC), refused = 0, i;
	struct seals seals = {.count = 0};
	struct recording *r = start(dup(fd), NULL, &seals);
	char block[4000];
	const char *p;
	int64_t now = 0;

	(void)state;
	memset(block, 'x', sizeof block);
	limit(5000);
	for (i = 0; i < 100; i++) {
		int error = recording_output(r, now += MS, block, sizeof block);

		if (error) {
			assert_int_equal(error, -EFBIG);
			recording_lost(r, now, sizeof block, "disk");
			refused++;
		}
	}
	assert_in_range(refused, 20, 60);
	assert_int_equal(recording_error(r), -EFBIG);
	assert_int_equal(recording_room(r), 0);
	assert_int_equal(recording_written(r), 5000);
	assert_true(recording_deadline_ns(r) > now);
	assert_int_equal(recording_close(r, now, 0), -EFBIG);
	limit(RLIM_INFINITY);
	assert_int_equal(recording_tick(r, now += 200 * MS), 0);
	assert_int_equal(recording_output(r, now, "after", 5), 0);
	assert_int_equal(recording_close(r, now, 0), 0);
	for (i = 0, p = lines(fd); (p = strstr(p, "\"o\",\"xxxx")); p++)
		i++;
	assert_int_equal(i, 100 - refused);
	p = strstr(lines(fd), "\"g\",\"bytes=");
	assert_non_null(p);
	assert_int_equal(atoi(p + 11), refused * (int)sizeof block);
	assert_int_equal(seals.count, 1);
	recording_free(r);
	close(fd);
}

/* The audit trail must not have a seal that the file doesn't. */
/* Everything that was taken is in the file, to the last seal, though there was no space for more. */
static void
ends_whole_without_space(int zstd, int threaded)
{
	int fd = memfd_create("r", MFD_CLOEXEC);
	struct recording_writer *w = threaded ? recording_writer_new() : NULL;
	const struct recording_options options = {
	    .take_space = 1, .limit = 1 << 20, .zstd = zstd, .writer = w, .seal_ns = -1};
	struct seals seals = {.count = 0};
	struct recording *r = start(dup(fd), &options, &seals);
	char noise[RECORDING_CHUNK];
	uint64_t taken = 0;
	int64_t now = 0, since;
	uint32_t seed = 1;
	int error = 0;
	struct stat st;

	while (error == 0 && taken < (8 << 20)) {
		for (size_t i = 0; i < sizeof noise; i++)
			noise[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
		now += MS;
		if (recording_room(r) >= sizeof noise) {
			assert_int_equal(recording_output(r, now, noise, sizeof noise), 0);
			taken += sizeof noise;
		} else {
			recording_wait(r, now, 5 * MS);
		}
		if (now >= recording_deadline_ns(r))
			error = recording_tick(r, now);
	}
	assert_int_equal(error, -EFBIG);
	assert_true(taken >= 8 * sizeof noise);
	assert_int_equal(recording_tick(r, now), -EFBIG); /* it stays said */
	assert_int_equal(recording_close(r, now, 1), 0);
	assert_int_equal(recording_unwritten(r, &since), 0);
	assert_true(since == INT64_MAX);
	assert_true(seals.last.is_last);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size == (off_t)recording_written(r) && st.st_size <= 1 << 20);
	recording_free(r);
	recording_writer_free(w);
	close(fd);
}

static void
test_no_space_is_known_before_it_is_needed(void **state)
{
	(void)state;
	ends_whole_without_space(0, 0);
	ends_whole_without_space(0, 1);
	ends_whole_without_space(3, 0);
	ends_whole_without_space(3, 1);
}

static void
test_space_is_taken_ahead_and_the_size_stays(void **state)
{
	int fd = memfd_create("r", MFD_CLOEXEC);
	const struct recording_options options = {.take_space = 1};
	struct recording *r = start(dup(fd), &options, NULL);
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size == (off_t)recording_written(r));
	assert_true(st.st_blocks * 512 >= 128 << 10);
	assert_int_equal(recording_comes_first(r), 0);
	assert_int_equal(recording_output(r, MS, "a", 1), 0);
	assert_int_equal(recording_is_safe(r, MS, 0), 1);
	assert_string_equal(lines(fd), ""); /* nothing waits for it */
	recording_free(r);
	close(fd);
}

/* A pipe stands in for a file system without fallocate(2). */
static void
test_without_space_to_take_it_is_in_the_file_first(void **state)
{
	const struct recording_options options = {.take_space = 1};
	struct recording *r;
	char text[256];
	int ends[2];
	int64_t since;
	ssize_t n;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	r = start(ends[1], &options, NULL);
	assert_int_equal(recording_comes_first(r), 1);
	assert_true(read(ends[0], text, sizeof text) > 0);
	assert_int_equal(recording_output(r, MS, "abc", 3), 0);
	assert_true(recording_unwritten(r, &since) > 0);
	assert_int_equal(since, MS);
	assert_int_equal(recording_is_safe(r, MS, 0), 1);
	n = read(ends[0], text, sizeof text - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, "[0.001000,\"o\",\"abc\"]\n");
	assert_int_equal(recording_unwritten(r, &since), 0);
	close(ends[0]);
	assert_int_equal(recording_output(r, 2 * MS, "lost", 4), 0);
	assert_int_equal(recording_is_safe(r, 2 * MS, 0), 0);
	assert_int_equal(recording_error(r), -EPIPE);
	recording_free(r);
}

static void
test_a_seal_is_handed_out_when_it_is_written(void **state)
{
	(void)state;
	for (int sync = RECORDING_SYNC_NONE; sync <= RECORDING_SYNC_ALWAYS; sync++) {
		const struct recording_options options = {
		    .sync = (enum recording_sync)sync, .seal_bytes = 3000};
		int fd = memfd_create("r", MFD_CLOEXEC);
		struct seals seals = {.count = 0};
		struct recording *r = start(dup(fd), &options, &seals);
		char block[4000];

		memset(block, 'x', sizeof block);
		limit(3500);
		assert_int_equal(recording_output(r, 1 * MS, block, sizeof block), 0);
		assert_int_equal(recording_output(r, 2 * MS, block, sizeof block), 0);
		assert_int_equal(recording_tick(r, 200 * MS), -EFBIG);
		assert_int_equal(seals.count, 0);
		assert_int_equal(recording_written(r), 3500);
		limit(RLIM_INFINITY);
		assert_int_equal(recording_tick(r, 400 * MS), 0);
		assert_int_equal(seals.count, 1);
		assert_memory_equal(content(fd) + seals.last.offset, seals.last.hash, BLAKE2B_HEX);
		recording_free(r);
		close(fd);
	}
}

static void
test_a_full_pipe_is_no_error(void **state)
{
	int p[2];
	struct recording *r;
	char block[4096];
	int error = 0, n = 0;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
	r = start(p[1], NULL, NULL);
	memset(block, 'x', sizeof block);
	while (error == 0 && n++ < 200)
		error = recording_output(r, n * MS, block, sizeof block);
	assert_int_equal(error, -EAGAIN);
	assert_true(recording_waiting(r) <= SINK_SIZE);
	assert_true(recording_waiting(r) > SINK_SIZE / 2);
	close(p[0]);
	recording_free(r);
}

static void
test_the_cap(void **state)
{
	const struct recording_options options = {.max_bytes = 10000};
	int fd = memfd_create("r", MFD_CLOEXEC), i;
	struct recording *r = start(dup(fd), &options, NULL);
	char block[4000];
	const char *p;
	int64_t now = 0;

	(void)state;
	memset(block, 'x', sizeof block);
	for (i = 0; i < 50; i++) {
		int error = recording_output(r, now += 200 * MS, block, sizeof block);

		if (error) {
			assert_int_equal(error, -EFBIG);
			recording_lost(r, now, sizeof block, "cap");
		}
		assert_int_equal(recording_tick(r, now += 200 * MS), 0);
	}
	assert_int_equal(recording_close(r, now, 0), 0);
	for (i = 0, p = lines(fd); (p = strstr(p, "\"g\"")); p++)
		i++;
	assert_int_equal(i, 2); /* when it began, and at the end */
	assert_non_null(strstr(lines(fd), "bytes=4000 from="));
	assert_non_null(strstr(lines(fd), "bytes=184000 from="));
	assert_true(recording_written(r) < 14000);
	recording_free(r);
	close(fd);
}

static void
test_bad_calls(void **state)
{
	int fd = memfd_create("r", MFD_CLOEXEC);
	struct recording *r = start(dup(fd), NULL, NULL);
	static char large[RECORDING_CHUNK + 1];
	struct recording *none;

	(void)state;
	assert_int_equal(recording_output(r, 0, large, sizeof large), -EMSGSIZE);
	assert_int_equal(recording_room(r), RECORDING_CHUNK);
	assert_int_equal(recording_output(r, 0, large, sizeof large - 1), 0);
	assert_int_equal(recording_resize(r, 0, 0, 5), -EINVAL);
	assert_int_equal(recording_marker(r, 0, large, sizeof large), 0);
	recording_free(r);
	recording_free(NULL);
	close(fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(
	    recording_new(&none, fd, 0, &header, &(struct recording_options){0}, NULL, NULL),
	    -EBADF);
	assert_null(none);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_events_as_lines),
	    cmocka_unit_test(test_an_event_waits_100_ms_at_most),
	    cmocka_unit_test(test_half_a_character_waits_100_ms_at_most),
	    cmocka_unit_test(test_seals_by_time_and_by_bytes),
	    cmocka_unit_test(test_a_full_disk),
	    cmocka_unit_test(test_no_space_is_known_before_it_is_needed),
	    cmocka_unit_test(test_space_is_taken_ahead_and_the_size_stays),
	    cmocka_unit_test(test_without_space_to_take_it_is_in_the_file_first),
	    cmocka_unit_test(test_a_seal_is_handed_out_when_it_is_written),
	    cmocka_unit_test(test_a_full_pipe_is_no_error),
	    cmocka_unit_test(test_the_cap),
	    cmocka_unit_test(test_bad_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
