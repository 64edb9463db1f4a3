/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pump/encode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FFFD "\xef\xbf\xbd"

/* One call with nothing held makes exactly these lines, and stays within ENCODE_ROOM. */
static void
lines_are(const char *bytes, size_t n, const char *want)
{
	struct encode_held held = {0};
	char *dst = malloc(ENCODE_ROOM(n));
	size_t got = encode_stream(dst, 'o', 1500000, &held, bytes, n);

	if (got != strlen(want) || memcmp(dst, want, got) != 0)
		fail_msg("%.*s instead of %s", (int)got, dst, want);
	free(dst);
}

static void
test_text(void **state)
{
	(void)state;
	lines_are("a", 1, "[0.001500,\"o\",\"a\"]\n");
	lines_are("", 0, "");
	lines_are("0123456789abcdef0123456789abcde\"", 32,
	    "[0.001500,\"o\",\"0123456789abcdef0123456789abcde\\\"\"]\n");
	lines_are("0123456789abcdef\\", 17, "[0.001500,\"o\",\"0123456789abcdef\\\\\"]\n");
	lines_are("\b\t\n\f\r", 5, "[0.001500,\"o\",\"\\b\\t\\n\\f\\r\"]\n");
	lines_are("\0\033[0m\037\177", 7, "[0.001500,\"o\",\"\\u0000\\u001b[0m\\u001f\\u007f\"]\n");
	lines_are("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80.", 10,
	    "[0.001500,\"o\",\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80.\"]\n");
	lines_are(FFFD, 3, "[0.001500,\"o\",\"" FFFD "\"]\n");
}

static void
test_what_a_terminal_or_a_line_splitter_would_act_on(void **state)
{
	(void)state;
	lines_are("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", 8,
	    "[0.001500,\"o\",\"\\u0080\\u009b\\u009f\xc2\xa0\"]\n");
	lines_are("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", 12,
	    "[0.001500,\"o\",\"\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa\"]\n");
}

static void
test_bytes_that_are_not_utf8(void **state)
{
	(void)state;
	lines_are(
	    "caf\xe9!", 5, "[0.001500,\"b\",\"Y2Fm6SE=\"]\n[0.001500,\"o\",\"caf" FFFD "!\"]\n");
	lines_are("\xf0\x9f\x98(\xff\xfe", 6,
	    "[0.001500,\"b\",\"8J+YKP/+\"]\n[0.001500,\"o\",\"" FFFD "(" FFFD FFFD "\"]\n");
}

/* Split at every place, a character comes out whole. */
static void
test_split_characters(void **state)
{
	const char *text = "a\xf0\x9f\x98\x80z";

	(void)state;
	for (size_t cut = 1; cut < 6; cut++) {
		struct encode_held held = {0};
		char dst[ENCODE_ROOM(6)], all[400];
		size_t n = encode_stream(dst, 'i', 0, &held, text, cut);

		n = (size_t)snprintf(all, sizeof all, "%.*s", (int)n, dst);
		assert_int_equal(held.len, cut < 5 ? cut - 1 : 0);
		n += encode_stream(all + n, 'i', 0, &held, text + cut, 6 - cut);
		assert_int_equal(held.len, 0);
		all[n] = '\0';
		assert_null(strstr(all, "\"b\""));
		assert_non_null(
		    strstr(all, cut == 5 ? "a\xf0\x9f\x98\x80\"" : "\"\xf0\x9f\x98\x80z\""));
	}
}

static void
test_held_bytes_are_flushed_exactly(void **state)
{
	struct encode_held held = {0};
	char dst[ENCODE_ROOM(8)];
	size_t n;

	(void)state;
	assert_int_equal(encode_stream(dst, 'o', 0, &held, "\xe2\x82", 2), 0);
	n = encode_flush(dst, 'o', 0, &held);
	dst[n] = '\0';
	assert_string_equal(dst, "[0.000000,\"b\",\"4oI=\"]\n[0.000000,\"o\",\"" FFFD "\"]\n");
	assert_int_equal(encode_flush(dst, 'o', 0, &held), 0);
}

static size_t
encoded(char *dst, const uint8_t *bytes, size_t n)
{
	struct encode_held held = {0};

	return encode_stream(dst, 'o', 0, &held, bytes, n) + encode_flush(dst, 'o', 0, &held);
}

static void
test_noise_costs_base64_and_shows_its_text(void **state)
{
	static uint8_t noise[ENCODE_CHUNK];
	static char dst[ENCODE_ROOM(ENCODE_CHUNK) + 1];
	const char *prompt = "\r\n\033[1mroot@host\033[0m# ";
	size_t n;

	(void)state;
	srandom(7);
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)(random() >> 8);
	memcpy(noise + sizeof noise - strlen(prompt), prompt, strlen(prompt));
	n = encoded(dst, noise, sizeof noise);
	dst[n] = '\0';
	assert_in_range(n, 1.33 * ENCODE_CHUNK, 1.37 * ENCODE_CHUNK);
	assert_non_null(strstr(dst, FFFD "\\r\\n\\u001b[1mroot@host\\u001b[0m# \"]\n"));

	memset(noise, 0, sizeof noise);
	n = encoded(dst, noise, sizeof noise);
	dst[n] = '\0';
	assert_in_range(n, 1.33 * ENCODE_CHUNK, 1.37 * ENCODE_CHUNK);
	assert_non_null(strstr(dst, ",\"o\",\"" FFFD "\"]\n"));

	memset(noise, 033, sizeof noise);
	assert_in_range(
	    encoded(dst, noise, sizeof noise), 1.33 * ENCODE_CHUNK, 1.37 * ENCODE_CHUNK);
}

/* Latin-1 and KOI8-R are not noise: what people see keeps its shape. */
static void
test_another_character_set_keeps_its_shape(void **state)
{
	static char dst[ENCODE_ROOM(ENCODE_CHUNK) + 1];
	uint8_t bytes[200];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i % 10 == 0 ? '\r' : i % 10 == 1 ? '\n' : 0xc1 + i % 10);
	n = encoded(dst, bytes, sizeof bytes);
	dst[n] = '\0';
	assert_non_null(strstr(dst, "\\n" FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "\\r\\n"));
}

static void
test_times(void **state)
{
	char dst[ENCODE_ROOM(0)];
	size_t n = encode_prefix(dst, 'x', INT64_C(123456789012345678));

	(void)state;
	dst[n] = '\0';
	assert_string_equal(dst, "[123456789.012345,\"x\",\"");
}

static void
test_header(void **state)
{
	const struct encode_field fields[] = {{"user", "a\"b"}, {"from", NULL}, {"host", "h\xff"}};
	const struct encode_header header = {.cols = 132,
	    .rows = 43,
	    .wall_ns = INT64_C(1700000000000000012),
	    .title = "t\n",
	    .term = "xterm",
	    .shell = "/bin/sh",
	    .fields = fields,
	    .nfields = 3};
	char dst[8192];
	ssize_t n = encode_header(dst, sizeof dst, &header);

	(void)state;
	assert_true(n > 0);
	dst[n] = '\0';
	assert_string_equal(dst,
	    "{\"version\":2,\"width\":132,\"height\":43,\"timestamp\":1700000000,\"title\":"
	    "\"t\\n\","
	    "\"env\":{\"SHELL\":\"/bin/sh\",\"TERM\":\"xterm\"},"
	    "\"ttywrap\":{\"start\":\"1700000000.000000012\",\"user\":\"a\\\"b\",\"host\":\"h" FFFD
	    "\"}}\n");
	for (size_t size = 0; size < (size_t)n; size++)
		assert_int_equal(encode_header(dst, size, &header), -EMSGSIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_what_a_terminal_or_a_line_splitter_would_act_on),
	    cmocka_unit_test(test_bytes_that_are_not_utf8),
	    cmocka_unit_test(test_split_characters),
	    cmocka_unit_test(test_held_bytes_are_flushed_exactly),
	    cmocka_unit_test(test_noise_costs_base64_and_shows_its_text),
	    cmocka_unit_test(test_another_character_set_keeps_its_shape),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
