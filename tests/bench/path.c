/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench: path KIND MIB, the pump's own work on so much output, without the kernel's: the watch for
 * prompts, the recording with its seals, to /dev/null. For callgrind, whose counts are repeatable
 * (tests/bench/test_path.py), and with the clock: prints ns per byte.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pump/input.h"
#include "pump/recording.h"
#include "pump/secret.h"

#define CHUNK 4095 /* what a read from a PTY brings in a flood */

struct path {
	struct recording *recording;
	struct secret *secret;
	struct input *input;
};

static void
emit(void *arg, const struct input_event *event)
{
	(void)arg;
	(void)event;
}

static void
open_path(struct path *p)
{
	const struct encode_header header = {.cols = 80, .rows = 24};
	const struct recording_options options = {0};
	const struct input_view view = {0};
	char why[128];
	int fd = open("/dev/null", O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0 || recording_new(&p->recording, fd, 0, &header, &options, NULL, NULL) < 0)
		bench_die("recording");
	if (secret_new(&p->secret, NULL, NULL, why, sizeof why) < 0)
		bench_die("secret");
	p->input = input_new(&view, p->secret, emit, NULL);
	if (p->input == NULL)
		bench_die("input");
}

/* As the terminal hands it over: a line end is CR LF. */
static size_t
cook(char *out, const char *in, size_t n, size_t max)
{
	size_t o = 0;

	for (size_t i = 0; i < n && o + 2 <= max; i++) {
		if (in[i] == '\n')
			out[o++] = '\r';
		out[o++] = in[i];
	}
	return o;
}

int
main(int argc, char **argv)
{
	static char stock[BENCH_STOCK], screen[2 * BENCH_STOCK];
	struct path p;
	int64_t start_ns, now_ns = 0;
	size_t have, at = 0;
	uint64_t left;

	if (argc != 3)
		return 2;
	have = bench_stock(argv[1], stock);
	if (argv[1][0] == 'n')
		memcpy(screen, stock, have);
	else
		have = cook(screen, stock, have, sizeof screen);
	open_path(&p);
	start_ns = bench_now_ns();
	for (left = bench_number(argv[2]) << 20; left > 0; now_ns += 50000) {
		size_t n = have - at < CHUNK ? have - at : CHUNK;

		n = n < left ? n : (size_t)left;
		input_output(p.input, (uint8_t *)screen + at, n);
		if (recording_output(p.recording, now_ns, screen + at, n) < 0)
			bench_die("recording_output");
		left -= n;
		at = (at + n) % have;
	}
	if (recording_close(p.recording, now_ns, 0) < 0)
		bench_die("recording_close");
	fprintf(stderr, "%s: %.2f ns a byte\n", argv[1],
	    (double)(bench_now_ns() - start_ns) / (double)(bench_number(argv[2]) << 20));
	recording_free(p.recording);
	input_free(p.input);
	secret_free(p.secret);
	return 0;
}
