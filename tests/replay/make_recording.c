/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a recording to standard output from a list of events on standard input, for tests: a line
 * is NANOSECONDS CODE HEX, e.g. "1500000000 o 68690d0a". Each seal goes to standard error as its
 * audit text. The arguments are the recording's name and zstd's level.
 */
#include "pump/recording.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
sealed(void *arg, const struct seal *seal)
{
	char text[SEAL_TEXT_MAX];

	if (seal_audit_text(text, arg, seal) > 0)
		fprintf(stderr, "%s\n", text);
}

static size_t
unhex(unsigned char *bytes, const char *hex)
{
	size_t n = 0;
	unsigned byte;

	for (; n < RECORDING_CHUNK && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[n++] = (unsigned char)byte;
	bytes[n] = '\0';
	return n;
}

static int
play(struct recording *r, int64_t now_ns, char code, const unsigned char *bytes, size_t n)
{
	const char *text = (const char *)bytes;
	unsigned cols, rows;
	int error = recording_tick(r, now_ns);

	if (error)
		return error;
	switch (code) {
	case 'o':
		return recording_output(r, now_ns, bytes, n);
	case 'i':
		return recording_input(r, now_ns, bytes, n);
	case 'm':
		return recording_marker(r, now_ns, text, n);
	case 'h':
		return recording_hidden(r, now_ns, text);
	case 'w':
		return recording_reader(r, now_ns, 7, 1000, 0, text);
	case 'g':
		recording_lost(r, now_ns, strtoull(text, NULL, 10), "test");
		return 0;
	case 'r':
		return sscanf(text, "%ux%u", &cols, &rows) == 2
			   ? recording_resize(r, now_ns, cols, rows)
			   : -1;
	case 'x':
		return recording_close(r, now_ns, atoi(text));
	}
	return -1;
}

int
main(int argc, char **argv)
{
	static char name[] = "test.cast";
	const struct encode_field fields[] = {
	    {"recording", argc > 1 ? argv[1] : name}, {"user", "anna"}};
	const struct encode_header header = {.cols = 80,
	    .rows = 24,
	    .wall_ns = INT64_C(1700000000000000012),
	    .title = "a \"title\"",
	    .term = "xterm-256color",
	    .shell = "/bin/sh",
	    .fields = fields,
	    .nfields = 2};
	const struct recording_options options = {.zstd = argc > 2 ? atoi(argv[2]) : 0};
	static char line[3 * RECORDING_CHUNK];
	static unsigned char bytes[RECORDING_CHUNK + 1];
	struct recording *r;
	int64_t now_ns = 0;

	if (recording_new(
		&r, dup(STDOUT_FILENO), 0, &header, &options, sealed, argc > 1 ? argv[1] : name))
		return 1;
	while (fgets(line, sizeof line, stdin)) {
		int hex = 0;
		char code;

		if (sscanf(line, "%" SCNd64 " %c %n", &now_ns, &code, &hex) < 2 || hex == 0)
			return 2;
		if (play(r, now_ns, code, bytes, unhex(bytes, line + hex)))
			return 3;
	}
	if (recording_flush(r, now_ns + 1000))
		return 4;
	recording_free(r);
	return 0;
}
