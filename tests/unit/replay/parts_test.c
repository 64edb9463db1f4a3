/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "replay/buffer.h"
#include "replay/catalog.h"
#include "replay/json_out.h"
#include "replay/keys.h"
#include "replay/pace.h"
#include "replay/safe.h"
#include "replay/span.h"
#include "replay/typed.h"
#include "replay/units.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000000)

static void
test_times_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		enum span_kind kind;
		int64_t ns;
	} good[] = {
	    {"90", SPAN_AT, 90 * S},
	    {"1:30", SPAN_AT, 90 * S},
	    {"1:02:03.5", SPAN_AT, 3723 * S + S / 2},
	    {"+1:30", SPAN_FORWARD, 90 * S},
	    {"-10", SPAN_BACK, 10 * S},
	    {"5m", SPAN_AT, 300 * S},
	    {"1h30m", SPAN_AT, 5400 * S},
	    {"2d", SPAN_AT, 172800 * S},
	    {"+90s", SPAN_FORWARD, 90 * S},
	    {".5", SPAN_AT, S / 2},
	    {"50%", SPAN_PERCENT, 0},
	};
	static const char *const bad[] = {"", "+", "x", "1:2:3:4", "1:", ":1", "1h30", "-", "--5",
	    "1e3", "0x10", "inf", "nan", "101%", "%", "5%5", "99999999999", " 5", "5 ", "1.2.3",
	    "m"};
	struct span s;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(span_parse(good[i].text, &s), 0);
		assert_int_equal(s.kind, good[i].kind);
		assert_int_equal(s.ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (span_parse(bad[i], &s) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
}

static void
test_times_are_written(void **state)
{
	char buf[SPAN_TEXT];

	(void)state;
	assert_string_equal(span_format(0, buf, sizeof buf), "0:00");
	assert_string_equal(span_format(3599 * S, buf, sizeof buf), "59:59");
	assert_string_equal(span_format(3661 * S, buf, sizeof buf), "1:01:01");
	assert_string_equal(span_format_fine(83 * S + 410000000, buf, sizeof buf), "1:23.5");
	assert_string_equal(span_format_fine(59 * S + 999999999, buf, sizeof buf), "1:00.0");
	assert_int_equal(strlen(span_format_fine(SPAN_MAX_NS, buf, sizeof buf)) < SPAN_TEXT, 1);
}

static void
test_pace_waits_as_recorded(void **state)
{
	struct pace p = {.speed = 2, .max_idle_ns = -1, .since_ns = 100 * S};

	(void)state;
	assert_int_equal(pace_due(&p, 10 * S), 105 * S);
	assert_int_equal(pace_position(&p, 10 * S, 102 * S), 4 * S);
	assert_int_equal(pace_position(&p, 10 * S, 200 * S), 10 * S);
	p.max_idle_ns = S;
	assert_int_equal(pace_due(&p, 10 * S), 100 * S + S / 2);
	/* A little late: the next one is still due on time. Very late: not caught up with. */
	pace_reach(&p, 10 * S, 100 * S + S / 2 + 1000);
	assert_int_equal(pace_due(&p, 10 * S + S / 2), 100 * S + S * 3 / 4);
	pace_reach(&p, 10 * S + S / 2, 300 * S);
	assert_int_equal(p.since_ns, 300 * S);
}

static void
test_pace_pauses_and_changes_speed_where_it_is(void **state)
{
	struct pace p = {.speed = 1, .max_idle_ns = -1, .since_ns = 0};

	(void)state;
	pace_pause(&p, true, 100 * S, 30 * S);
	assert_int_equal(pace_due(&p, 100 * S), PACE_NEVER);
	assert_int_equal(pace_position(&p, 100 * S, 90 * S), 30 * S);
	pace_pause(&p, false, 100 * S, 200 * S);
	assert_int_equal(pace_due(&p, 100 * S), 270 * S);
	pace_set_speed(&p, 10, 100 * S, 220 * S);
	assert_int_equal(pace_due(&p, 100 * S), 225 * S);
	p.speed = INFINITY;
	assert_int_equal(pace_due(&p, 100 * S), p.since_ns);
	/* Nothing a file can say makes it overflow. */
	p.speed = 0.001;
	assert_int_equal(pace_due(&p, SPAN_MAX_NS), PACE_NEVER);
}

static void
take_key(void *to, uint32_t key)
{
	uint32_t *keys = to;

	keys[++keys[0]] = key;
}

static void
test_keys_split_anywhere(void **state)
{
	static const uint8_t in[] = "a\033[A\033OD\033[5~\033[1;5C\xc3\xa9\xff/";
	static const uint32_t want[] = {'a', KEY_UP, KEY_LEFT, KEY_PAGE_UP, KEY_OTHER, 0xe9, '/'};

	(void)state;
	for (size_t piece = 2; piece < sizeof in; piece++) {
		struct keys k = {.len = 0};
		uint32_t got[32] = {0};

		for (size_t i = 0; i < sizeof in - 1; i += piece) {
			size_t n = sizeof in - 1 - i < piece ? sizeof in - 1 - i : piece;

			if (in[i + n - 1] == '\033') /* that would be the Escape key */
				n++;
			keys_feed(&k, in + i, n, take_key, got);
			i += n - piece;
		}
		assert_int_equal(got[0], sizeof want / sizeof *want);
		assert_memory_equal(got + 1, want, sizeof want);
	}
}

static void
test_the_escape_key(void **state)
{
	struct keys k = {.len = 0};
	uint32_t got[32] = {0};

	(void)state;
	keys_feed(&k, (const uint8_t *)"\033", 1, take_key, got);
	keys_feed(&k, (const uint8_t *)"\033x", 2, take_key, got);
	keys_feed(&k, (const uint8_t *)"\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1Aq", 31, take_key, got);
	assert_int_equal(got[1], KEY_ESCAPE);
	assert_int_equal(got[2], KEY_ESCAPE);
	assert_int_equal(got[3], 'x');
	assert_int_equal(got[got[0]], 'q');
}

static void
test_text_is_made_safe(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"plain", "plain"},
	    {"a\033[31mb", "a\\x1b[31mb"},
	    {"a\nb\tc\r", "a\\nb\\tc\\r"},
	    {"\x7f", "\\x7f"},
	    {"\xc2\x9b"
	     "6n",
		"\\u{9b}6n"},
	    {"\x9b"
	     "6n",
		"\\x9b6n"},
	    {"\xe2\x80\xae", "\\u{202e}"},
	    {"back\\slash", "back\\\\slash"},
	    {"\xef\xbb\xbf", "\\u{feff}"},
	    {"\xf3\xa0\x81\xa1", "\\u{e0061}"},
	    {"na\xc3\xafve", "na\xc3\xafve"},
	    {"\xc3", "\\xc3"},
	    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
	};
	char buf[128];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(
		    safe_text(rows[i].in, strlen(rows[i].in), buf, sizeof buf), rows[i].out);
	assert_string_equal(safe_text("0123456789abc", 13, buf, 10), "012345\xe2\x80\xa6");
	assert_string_equal(safe_text("\033\033\033", 3, buf, 9), "\\x1b\xe2\x80\xa6");
	assert_string_equal(safe_text("01234567", 8, buf, 9), "01234567");
	assert_string_equal(safe_text("a\0b", 3, buf, sizeof buf), "a\\x00b");
}

static void
test_json_strings(void **state)
{
	struct buffer b = {0};

	(void)state;
	json_string(&b, "a\"\\\n\x7f\xc2\x9b\xe2\x80\xa8\xff\xe2\x82", 13);
	buffer_add(&b, "", 1);
	assert_string_equal(
	    b.data, "\"a\\\"\\\\\\u000a\\u007f\\u009b\\u2028\xef\xbf\xbd\xef\xbf\xbd\"");
	b.len = 0;
	buffer_string(&b, "{");
	json_number(&b, "n", -1);
	json_seconds(&b, "t", 1500000000);
	json_member(&b, "s", "x");
	buffer_add(&b, "", 1);
	assert_string_equal(b.data, "{\"n\":-1,\"t\":1.500000,\"s\":\"x\"");
	buffer_free(&b);
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *address, *wanted;
		bool fits;
	} rows[] = {
	    {"192.0.2.7:5022", "192.0.2.7", true},
	    {"192.0.2.7:5022", "192.0.2.0/24", true},
	    {"192.0.3.7:5022", "192.0.2.0/24", false},
	    {"192.0.2.7 port 22", "192.0.2.0/25", true},
	    {"192.0.2.77:22", "192.0.2.7", false},
	    {"[2001:db8::7]:22", "2001:db8::/32", true},
	    {"2001:db8::7", "2001:db8::7", true},
	    {"[2001:db9::7]:22", "2001:db8::/32", false},
	    {"[::ffff:192.0.2.7]:22", "192.0.2.0/24", true},
	    {"192.0.2.7:22", "::ffff:192.0.2.0/120", true},
	    {"192.0.2.7:22", "0.0.0.0/0", true},
	    {"2001:db8::7", "0.0.0.0/0", false},
	    {"192.0.2.7:22", "192.0.2.0/33", false},
	    {"", "192.0.2.7", false},
	    {"host.example:22", "example", true},
	    {"192.0.2.7:22", "192.0.2.0/x", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (catalog_address_fits(rows[i].address, rows[i].wanted) != rows[i].fits)
			fail_msg("%s in %s", rows[i].address, rows[i].wanted);
}

static void
test_typed_lines(void **state)
{
	static const char in[] = "lx\x7fs\033[A -l\r\n\rsecret\x15ok\xc3\xa9\x7f!\x03";
	struct typed t = {.len = 0};
	char lines[2][64] = {{0}};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof in - 1; i++)
		if (typed_take(&t, (uint8_t)in[i], (int64_t)i)) {
			memcpy(lines[n++], t.line, t.len);
			typed_next(&t);
		}
	assert_int_equal(n, 1);
	assert_string_equal(lines[0], "ls -l");
	t.line[t.len] = '\0';
	assert_string_equal(t.line, "ok!^C");
	/* A line without an end comes in pieces. */
	typed_next(&t);
	for (n = 0; !typed_take(&t, 1, 0); n++)
		assert_in_range(t.len, 1, sizeof t.line - 1);
}

static void
test_units(void **state)
{
	char buf[UNITS_TEXT];
	uint64_t n;

	(void)state;
	assert_string_equal(units_bytes(999, buf, sizeof buf), "999");
	assert_string_equal(units_bytes(1536, buf, sizeof buf), "1.5K");
	assert_string_equal(units_bytes(10 << 20, buf, sizeof buf), "10M");
	assert_string_equal(units_bytes(UINT64_MAX, buf, sizeof buf), "16E");
	assert_int_equal(units_parse_bytes("10G", &n), 0);
	assert_int_equal(n, (uint64_t)10 << 30);
	assert_int_equal(units_parse_bytes("4096", &n), 0);
	assert_int_equal(n, 4096);
	assert_int_equal(units_parse_bytes("-1", &n), -EINVAL);
	assert_int_equal(units_parse_bytes("1X", &n), -EINVAL);
	assert_int_equal(units_parse_bytes("1GB", &n), -EINVAL);
	assert_int_equal(units_parse_bytes("99E", &n), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_times_as_people_write_them),
	    cmocka_unit_test(test_times_are_written),
	    cmocka_unit_test(test_pace_waits_as_recorded),
	    cmocka_unit_test(test_pace_pauses_and_changes_speed_where_it_is),
	    cmocka_unit_test(test_keys_split_anywhere),
	    cmocka_unit_test(test_the_escape_key),
	    cmocka_unit_test(test_text_is_made_safe),
	    cmocka_unit_test(test_json_strings),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_typed_lines),
	    cmocka_unit_test(test_units),
	};

	return cmocka_run_group_tests_name("replay's small parts", tests, NULL, NULL);
}
