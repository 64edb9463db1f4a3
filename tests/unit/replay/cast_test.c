/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/io.h"
#include "replay/cast.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#define HEADER "{\"version\": 2, \"width\": 80, \"height\": 24}\n"

static int
file_of(const void *bytes, size_t n)
{
	int fd = memfd_create("cast", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, bytes, n), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static struct cast *
cast_of(const char *text)
{
	struct cast_error err;
	struct cast *c = cast_open(file_of(text, strlen(text)), "test.cast", &err);

	if (!c)
		print_error("%s\n", err.text);
	assert_non_null(c);
	return c;
}

static void
expect(struct cast *c, int64_t time_ns, char code, const char *data, size_t len)
{
	struct cast_event ev;
	struct cast_error err = {""};

	if (cast_next(c, &ev, &err) != 1)
		fail_msg("no event: %s", err.text);
	assert_int_equal(ev.time_ns, time_ns);
	assert_int_equal(ev.code, code);
	assert_int_equal(ev.len, len);
	assert_memory_equal(ev.data, data, len);
}

static void
expect_end(struct cast *c, int torn)
{
	struct cast_event ev;
	struct cast_error err = {""};

	assert_int_equal(cast_next(c, &ev, &err), 0);
	assert_int_equal(cast_is_torn(c), torn);
	cast_free(c);
}

/* The event line is refused, and the message names file and line. */
static void
refuse(const char *lines, const char *message)
{
	char text[1024];
	struct cast_event ev;
	struct cast_error err = {""};
	struct cast *c;

	snprintf(text, sizeof text, HEADER "%s", lines);
	c = cast_of(text);
	assert_int_equal(cast_next(c, &ev, &err), -1);
	assert_string_equal(err.text, message);
	cast_free(c);
}

static void
refuse_header(const char *text, const char *message)
{
	struct cast_error err = {""};

	assert_null(cast_open(file_of(text, strlen(text)), "dir/x\033.cast", &err));
	assert_string_equal(err.text, message);
}

static void
test_events_come_back(void **state)
{
	struct cast *c = cast_of(
	    HEADER "[0.5, \"o\", \"a\\u001b[0m\\r\\n\\\"\\\\\\/\xc3\xa4\\ud83d\\ude00\\u0000|\"]\n"
		   "[1.0,\"i\",\"x\"]\r\n"
		   "\n"
		   "[1,\"r\",\"100x50\"]\n"
		   "[5e-06,\"o\",\"back\"]\n"
		   "[2.5E+1,\"m\",\"\"]\n"
		   "[26.0000000019,\"z\",\"ours\"]\n"
		   "[27, \"q\", {\"other\": [1]}]\n");

	(void)state;
	expect(c, 500000000, 'o', "a\033[0m\r\n\"\\/\xc3\xa4\xf0\x9f\x98\x80\0|", 18);
	expect(c, 1000000000, 'i', "x", 1);
	expect(c, 1000000000, 'r', "100x50", 6);
	expect(c, 1000000000, 'o', "back", 4);
	expect(c, INT64_C(25000000000), 'm', "", 0);
	expect(c, INT64_C(26000000001), 'z', "ours", 4);
	expect(c, INT64_C(27000000000), 'q', "", 0);
	expect_end(c, 0);
}

static void
test_header_says_what_it_holds(void **state)
{
	struct cast *c =
	    cast_of("{\"version\":2,\"width\":132,\"height\":43,\"timestamp\":1700000000.5,"
		    "\"title\":\"t\\u00e4\",\"command\":\"a\\u0000b\",\"env\":{\"TERM\":\"xterm\"},"
		    "\"ttywrap\":{\"user\":\"anna\",\"uid\":7}}\n");
	const struct cast_header *h = cast_header(c);

	(void)state;
	assert_int_equal(h->cols, 132);
	assert_int_equal(h->rows, 43);
	assert_int_equal(h->timestamp, 1700000000);
	assert_string_equal(h->title, "t\xc3\xa4");
	assert_null(h->command);
	assert_string_equal(h->term, "xterm");
	assert_null(h->shell);
	assert_string_equal(cast_field(c, "user"), "anna");
	assert_null(cast_field(c, "uid"));
	assert_null(cast_field(c, "nothing"));
	expect_end(c, 0);
}

static void
test_exact_bytes_replace_what_people_see(void **state)
{
	struct cast *c =
	    cast_of(HEADER "[1.0,\"b\",\"/wD+\"]\n[1.0,\"o\",\"\xef\xbf\xbd\"]\n[1.5,\"o\",\"a\"]\n"
			   "[2.0,\"b\",\"gA==\"]\n");

	(void)state;
	expect(c, 1000000000, 'o', "\xff\0\xfe", 3);
	expect(c, 1500000000, 'o', "a", 1);
	expect_end(c, 1);
}

static void
test_wrong_lines_are_named(void **state)
{
	(void)state;
	refuse("x\n", "test.cast:2: a line that doesn't begin with [");
	refuse("[\"o\"]\n", "test.cast:2: no time where one should stand");
	refuse("[1.,\"o\",\"\"]\n", "test.cast:2: a time without digits behind its point");
	refuse("[-1,\"o\",\"\"]\n", "test.cast:2: no time where one should stand");
	refuse("[1e,\"o\",\"\"]\n", "test.cast:2: a time with an empty exponent");
	refuse("[1e10,\"o\",\"\"]\n", "test.cast:2: a time of more than 31 years");
	refuse(
	    "[99999999999999999999999,\"o\",\"\"]\n", "test.cast:2: a time of more than 31 years");
	refuse("[1 \"o\",\"\"]\n", "test.cast:2: no comma behind the time");
	refuse("[1,\"\",\"\"]\n", "test.cast:2: an empty event code");
	refuse("[1,\"o\" \"\"]\n", "test.cast:2: no comma behind the code");
	refuse("[1,\"o\",7]\n", "test.cast:2: no string where one should stand");
	refuse("[1,\"o\",\"a]\n", "test.cast:2: a string without an end");
	refuse("[1,\"o\",\"\\x\"]\n", "test.cast:2: an escape that JSON doesn't have");
	refuse("[1,\"o\",\"\\u12g4\"]\n", "test.cast:2: an escape that JSON doesn't have");
	refuse("[1,\"o\",\"\t\"]\n", "test.cast:2: a bare control character in a string");
	refuse("[1,\"o\",\"\xff\"]\n", "test.cast:2: bytes that are not UTF-8");
	refuse("[1,\"o\",\"\"\n", "test.cast:2: no ] behind the data");
	refuse("[1,\"o\",\"\"],\n", "test.cast:2: something behind the ]");
	refuse("[1,\"r\",\"0x5\"]\n", "test.cast:2: an 'r' event that is not COLSxROWS");
	refuse("[1,\"r\",\"70000x5\"]\n", "test.cast:2: an 'r' event that is not COLSxROWS");
	refuse("[1,\"b\",\"QUJ\"]\n", "test.cast:2: a 'b' event that is not base64");
	refuse("[1,\"b\",\"QUI=\"]\n[1,\"m\",\"\"]\n",
	    "test.cast:3: a 'b' event without the 'o' or 'i' event it belongs to");
}

static void
test_wrong_headers_are_named(void **state)
{
	(void)state;
	refuse_header("", "dir/x?.cast:1: no whole first line: empty, or not an asciicast v2 file");
	refuse_header("{\"version\":2",
	    "dir/x?.cast:1: no whole first line: empty, or not an asciicast v2 file");
	refuse_header("\n", "dir/x?.cast:1: an empty file, or an empty first line");
	refuse_header("\x7f"
		      "ELF\n",
	    "dir/x?.cast:1: the header is not JSON");
	refuse_header("{} {}\n", "dir/x?.cast:1: the header is not JSON");
	refuse_header(
	    "[2]\n", "dir/x?.cast:1: the first line is no JSON object: not an asciicast v2 file");
	refuse_header("{}\n", "dir/x?.cast:1: the header has no version: not an asciicast v2 file");
	refuse_header("{\"version\":3}\n",
	    "dir/x?.cast:1: an asciicast, but not version 2, the one that is read here");
	refuse_header("{\"version\":2,\"width\":0,\"height\":24}\n",
	    "dir/x?.cast:1: the header's width and height must be numbers from 1 to 65535");
}

static void
test_goes_on_after_a_wrong_line(void **state)
{
	struct cast *c = cast_of(HEADER "nonsense\n[1,\"o\",\"a\"]\n");
	struct cast_event ev;
	struct cast_error err;

	(void)state;
	assert_int_equal(cast_next(c, &ev, &err), -1);
	expect(c, 1000000000, 'o', "a", 1);
	assert_int_equal(cast_line(c), 3);
	expect_end(c, 0);
}

static void
test_a_growing_file_is_read_on(void **state)
{
	const char *first = HEADER "[1,\"o\",\"a\"]\n[2,\"o\",\"b", *second = "c\"]\n";
	int fd = file_of(first, strlen(first)), writer = dup(fd);
	struct cast_error err;
	struct cast_event ev;
	struct cast *c = cast_open(fd, "live", &err);

	(void)state;
	assert_non_null(c);
	expect(c, 1000000000, 'o', "a", 1);
	assert_int_equal(cast_next(c, &ev, &err), 0);
	assert_int_equal(cast_is_torn(c), 1);
	assert_int_equal(
	    pwrite(writer, second, strlen(second), (off_t)strlen(first)), strlen(second));
	expect(c, 2000000000, 'o', "bc", 2);
	close(writer);
	expect_end(c, 0);
}

static void
test_a_long_line_is_refused_and_passed_over(void **state)
{
	size_t n = CAST_LINE_MAX + 100000;
	char *text = malloc(n + 200);
	struct cast_error err;
	struct cast_event ev;
	struct cast *c;

	(void)state;
	strcpy(text, HEADER);
	memset(text + strlen(HEADER), 'x', n);
	strcpy(text + strlen(HEADER) + n, "\n[1,\"o\",\"a\"]\n");
	c = cast_of(text);
	assert_int_equal(cast_next(c, &ev, &err), -1);
	assert_string_equal(err.text, "test.cast:2: a line of more than 8388608 bytes");
	expect(c, 1000000000, 'o', "a", 1);
	expect_end(c, 0);
	free(text);
}

/* Two frames, the second one cut off when torn. */
static struct cast *
cast_of_zstd(const char *a, const char *b, size_t cut)
{
	char packed[4096];
	size_t n = ZSTD_compress(packed, sizeof packed, a, strlen(a), 1);
	struct cast_error err;
	struct cast *c;

	n += ZSTD_compress(packed + n, sizeof packed - n, b, strlen(b), 1);
	c = cast_open(file_of(packed, n - cut), "x.cast.zst", &err);
	assert_non_null(c);
	return c;
}

static void
test_zstd_is_read_as_it_is(void **state)
{
	struct cast *c = cast_of_zstd(HEADER "[1,\"o\",\"a\"]\n[2,\"o\",", "\"b\"]\n", 0);

	(void)state;
	expect(c, 1000000000, 'o', "a", 1);
	expect(c, 2000000000, 'o', "b", 1);
	expect_end(c, 0);
	c = cast_of_zstd(HEADER "[1,\"o\",\"a\"]\n", "[2,\"o\",\"b\"]\n", 5);
	expect(c, 1000000000, 'o', "a", 1);
	expect_end(c, 1);
}

static void
seek_there_and_back(struct cast *c)
{
	struct cast_event first, second, again;
	struct cast_error err;

	assert_int_equal(cast_next(c, &first, &err), 1);
	assert_int_equal(cast_next(c, &second, &err), 1);
	assert_int_equal(second.cols, 90);
	expect(c, 3000000000, 'o', "c", 1);
	assert_int_equal(cast_seek(c, &first, &err), 0);
	assert_int_equal(cast_next(c, &again, &err), 1);
	assert_int_equal(again.offset, first.offset);
	assert_int_equal(again.cols, 80);
	assert_memory_equal(again.data, "\xff", 1);
	assert_int_equal(cast_seek(c, &second, &err), 0);
	expect(c, 2000000000, 'r', "90x30", 5);
	expect(c, 3000000000, 'o', "c", 1);
	expect_end(c, 0);
}

static void
test_seek(void **state)
{
	const char *lines = HEADER "[1,\"b\",\"/w==\"]\n[1,\"o\",\"?\"]\n[2,\"r\",\"90x30\"]\n";

	(void)state;
	seek_there_and_back(cast_of_zstd(lines, "[3,\"o\",\"c\"]\n", 0));
	seek_there_and_back(cast_of(HEADER "[1,\"b\",\"/w==\"]\n[1,\"o\",\"?\"]\n"
					   "[2,\"r\",\"90x30\"]\n[3,\"o\",\"c\"]\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_events_come_back),
	    cmocka_unit_test(test_header_says_what_it_holds),
	    cmocka_unit_test(test_exact_bytes_replace_what_people_see),
	    cmocka_unit_test(test_wrong_lines_are_named),
	    cmocka_unit_test(test_wrong_headers_are_named),
	    cmocka_unit_test(test_goes_on_after_a_wrong_line),
	    cmocka_unit_test(test_a_growing_file_is_read_on),
	    cmocka_unit_test(test_a_long_line_is_refused_and_passed_over),
	    cmocka_unit_test(test_zstd_is_read_as_it_is),
	    cmocka_unit_test(test_seek),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
