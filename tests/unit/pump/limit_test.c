/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pump/limit.h"

#include <string.h>

#define SECOND_NS INT64_C(1000000000)

static bool
send_text(struct limit *l, const char *text, int64_t now_ns)
{
	return limit_take(l, (const uint8_t *)text, strlen(text), now_ns);
}

static void
hash_of(const char *text, uint8_t digest[BLAKE2B_LEN])
{
	struct blake2b b;

	blake2b_init(&b);
	blake2b_update(&b, text, strlen(text));
	blake2b_digest(&b, digest);
}

static void
test_above_the_rate_a_summary_says_what_is_missing(void **state)
{
	struct limit l;
	struct limit_summary out;
	uint8_t want[BLAKE2B_LEN];

	(void)state;
	limit_init(&l, 2, 0);
	assert_true(send_text(&l, "one", 100));
	assert_true(send_text(&l, "two", 200));
	assert_int_equal(limit_deadline_ns(&l), -1);
	assert_false(send_text(&l, "three", 300));
	assert_false(send_text(&l, "four", 400));
	assert_int_equal(limit_deadline_ns(&l), 300 + SECOND_NS);
	assert_false(limit_summary(&l, 299 + SECOND_NS, false, &out));
	assert_false(send_text(&l, "five", 250 + SECOND_NS)); /* the order stays */
	assert_true(limit_summary(&l, 300 + SECOND_NS, false, &out));
	assert_int_equal(out.bytes, 13);
	assert_int_equal(out.records, 3);
	hash_of("threefourfive", want);
	assert_memory_equal(out.hash, want, sizeof want);
	assert_true(limit_summary(&l, 300 + SECOND_NS, false, &out)); /* until it is told */
	limit_told(&l);
	assert_false(limit_summary(&l, 9 * SECOND_NS, true, &out));
	assert_true(send_text(&l, "six", 301 + SECOND_NS));
}

static void
test_after_the_cap_there_are_only_summaries(void **state)
{
	struct limit l;
	struct limit_summary out;

	(void)state;
	limit_init(&l, 0, 1);
	assert_true(send_text(&l, "one", 0));
	for (int64_t s = 10; s < 13; s++) {
		assert_false(send_text(&l, "more", s * SECOND_NS));
		assert_true(limit_summary(&l, (s + 1) * SECOND_NS, false, &out));
		assert_int_equal(out.bytes, 4);
		limit_told(&l);
	}
	assert_false(send_text(&l, "last", 20 * SECOND_NS));
	assert_true(limit_summary(&l, 20 * SECOND_NS, true, &out));
}

static void
test_what_could_not_be_sent_is_in_the_summary(void **state)
{
	struct limit l;
	struct limit_summary out;

	(void)state;
	limit_init(&l, 0, 0);
	assert_true(send_text(&l, "one", 5));
	limit_leave(&l, (const uint8_t *)"one", 3, 5);
	assert_false(send_text(&l, "two", 6));
	assert_true(limit_summary(&l, 6, true, &out));
	assert_int_equal(out.bytes, 6);
	assert_int_equal(out.since_ns, 5);
}

static void
test_without_limits_all_pass(void **state)
{
	struct limit l;

	(void)state;
	limit_init(&l, 0, 0);
	for (int i = 0; i < 100000; i++)
		assert_true(send_text(&l, "x", i));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_above_the_rate_a_summary_says_what_is_missing),
	    cmocka_unit_test(test_after_the_cap_there_are_only_summaries),
	    cmocka_unit_test(test_what_could_not_be_sent_is_in_the_summary),
	    cmocka_unit_test(test_without_limits_all_pass),
	};

	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
