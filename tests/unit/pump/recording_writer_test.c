/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A blocking pipe that nobody reads stands in for a disk that stalls: write(2) doesn't return. */
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
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static const struct encode_header header = {.cols = 80, .rows = 24};

static struct recording *
start(int fd, struct recording_options options, struct recording_writer *w,
    recording_sealed *sealed, void *arg)
{
	struct recording *r;

	options.writer = w;
	assert_int_equal(recording_new(&r, fd, 0, &header, &options, sealed, arg), 0);
	return r;
}

/* Everything that comes, until the pipe's other end is closed. */
struct reading {
	int fd;
	char *bytes;
	size_t n;
};

static void *
read_all(void *arg)
{
	struct reading *to = arg;
	ssize_t got;

	while ((got = io_read(to->fd, to->bytes + to->n, 65536)) > 0)
		to->n += (size_t)got;
	return NULL;
}

static void
test_a_stalled_disk_stalls_nobody_until_the_buffer_is_full(void **state)
{
	struct recording_writer *w = recording_writer_new();
	struct reading got = {.bytes = malloc(2 << 20)};
	static char block[4000];
	struct recording *r;
	pthread_t reader;
	int p[2], taken = 0, error = 0;

	(void)state;
	assert_non_null(w);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(fcntl(p[1], F_SETPIPE_SZ, 4096), 4096);
	r = start(p[1], (struct recording_options){0}, w, NULL, NULL);
	for (; error == 0 && taken < 200; taken++) {
		memset(block, 'a' + taken % 26, sizeof block);
		error = recording_output(r, taken * MS, block, sizeof block);
		taken -= error != 0;
	}
	assert_int_equal(error, -EAGAIN);
	assert_in_range(taken, 30, 66);
	assert_true(recording_waiting(r) > SINK_SIZE / 2);
	assert_int_equal(recording_room(r), 0);
	assert_int_equal(recording_marker(r, 300 * MS, "m", 1), 0); /* small ones still get in */
	assert_int_equal(recording_tick(r, 300 * MS), 0);
	assert_int_equal(recording_deadline_ns(r), 400 * MS);

	got.fd = p[0];
	assert_int_equal(pthread_create(&reader, NULL, read_all, &got), 0);
	assert_int_equal(recording_close(r, 500 * MS, 0), 0);
	assert_int_equal(recording_waiting(r), 0);
	recording_free(r);
	pthread_join(reader, NULL);
	got.bytes[got.n] = '\0';
	for (int i = 0; i < taken; i++) {
		char want[24];
		const char *at;

		snprintf(
		    want, sizeof want, "[0.%03d000,\"o\",\"%c%c", i, 'a' + i % 26, 'a' + i % 26);
		at = strstr(got.bytes, want);
		assert_non_null(at);
		assert_true(strchr(at, '\n') - at > 4000);
	}
	assert_non_null(strstr(
	    got.bytes, " markers=1\"]\n[0.500000,\"x\",\"0\"]\n[0.500000,\"s\",\"n=1 end=1 "));
	recording_writer_free(w);
	close(p[0]);
	free(got.bytes);
}

static void
count_seal(void *arg, const struct seal *seal)
{
	*(uint32_t *)arg = seal->number;
}

/* Through all policies, a flood several times the buffer's size arrives whole and in order. */
static void
test_a_flood_arrives_whole(void **state)
{
	static char block[4096];

	(void)state;
	for (int sync = RECORDING_SYNC_NONE; sync <= RECORDING_SYNC_ALWAYS; sync++) {
		struct recording_writer *w = recording_writer_new();
		int fd = memfd_create("flood", MFD_CLOEXEC);
		const struct recording_options options = {
		    .sync = (enum recording_sync)sync, .seal_bytes = 300000};
		struct recording *r;
		uint32_t seals = 0;
		size_t at = 0;
		char *text;
		off_t size;

		r = start(dup(fd), options, w, count_seal, &seals);
		for (int i = 0; i < 1000; i++) {
			snprintf(block, sizeof block, "#%04d", i);
			memset(block + 5, '.', sizeof block - 5);
			while (recording_output(r, i * MS, block, sizeof block) == -EAGAIN)
				recording_tick(r, i * MS);
		}
		assert_int_equal(recording_close(r, 1000 * MS, 0), 0);
		assert_in_range(seals, 5, 15);
		recording_free(r);
		size = lseek(fd, 0, SEEK_END);
		text = mmap(NULL, (size_t)size + 1, PROT_READ, MAP_PRIVATE, fd, 0);
		assert_true(text != MAP_FAILED);
		for (int i = 0; i < 1000; i++) {
			char want[16];
			const char *found;

			snprintf(want, sizeof want, "\"#%04d....", i);
			found = memmem(text + at, (size_t)size - at, want, strlen(want));
			assert_non_null(found);
			at = (size_t)(found - text);
		}
		munmap(text, (size_t)size + 1);
		close(fd);
		recording_writer_free(w);
	}
}

/* A thread is woken up for a lot or, at the end, for the rest. Here each write(2) is a packet. */
static void
test_a_flood_is_written_in_large_pieces(void **state)
{
	struct recording_writer *w = recording_writer_new();
	static char block[4096], packet[SINK_SIZE];
	int ends[2], size = 16 << 20, small = 0, large = 0;
	struct recording *r;
	ssize_t got;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
	r = start(ends[1], (struct recording_options){0}, w, NULL, NULL);
	memset(block, 'x', sizeof block);
	for (int i = 0; i < 500; i++) {
		while (recording_output(r, 0, block, sizeof block) == -EAGAIN)
			;
		while ((got = recv(ends[0], packet, sizeof packet, MSG_DONTWAIT)) > 0)
			*(got < (ssize_t)SINK_WAKE ? &small : &large) += 1;
	}
	assert_int_equal(small, 1); /* the header */
	assert_in_range(large, 7, 31);
	recording_free(r);
	recording_writer_free(w);
	close(ends[0]);
}

static void
test_errors_come_back(void **state)
{
	struct recording_writer *w = recording_writer_new();
	struct recording *r;
	int p[2], error = 0;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	r = start(p[1], (struct recording_options){0}, w, NULL, NULL);
	close(p[0]);
	assert_int_equal(recording_output(r, 0, "a", 1), 0);
	for (int64_t now = 100 * MS; error == 0 && now < 100000 * MS; now += 100 * MS) {
		error = recording_tick(r, now);
		poll(NULL, 0, 1);
	}
	assert_int_equal(error, -EPIPE);
	assert_int_equal(recording_close(r, 100000 * MS, 0), -EPIPE);
	recording_free(r);
	recording_writer_free(w);
}

/* A writer that never comes back is left behind, with its buffer. */
static void
test_free_does_not_wait(void **state)
{
	struct recording_writer *w = recording_writer_new();
	static char block[RECORDING_CHUNK];
	struct recording *r;
	int p[2];

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(fcntl(p[1], F_SETPIPE_SZ, 4096), 4096);
	r = start(p[1], (struct recording_options){0}, w, NULL, NULL);
	memset(block, 'x', sizeof block);
	assert_int_equal(recording_output(r, 0, block, sizeof block), 0);
	assert_int_equal(recording_flush(r, 0), 0);
	recording_free(r);
	recording_writer_free(w);
	recording_writer_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_stalled_disk_stalls_nobody_until_the_buffer_is_full),
	    cmocka_unit_test(test_a_flood_arrives_whole),
	    cmocka_unit_test(test_a_flood_is_written_in_large_pieces),
	    cmocka_unit_test(test_errors_come_back),
	    cmocka_unit_test(test_free_does_not_wait),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
