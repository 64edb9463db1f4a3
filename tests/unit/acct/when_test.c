/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "when.h"

#include <errno.h>
#include <stdlib.h>

static const time_t now = 1795356000; /* Sunday 2026-11-22 15:00 in Berlin */

static int
zone_set(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	return 0;
}

static void
test_forms(void **state)
{
	static const struct {
		const char *text;
		time_t start, end;
	} cases[] = {
	    {"now", now, now},
	    {"@0", 0, 0},
	    {"2026-11-22", 1795302000, 1795388400},
	    {"2026-11-22 14:30", 1795354200, 1795354260},
	    {"2026-11-22T14:30:15", 1795354215, 1795354215},
	    {"2026-11", 1793487600, 1796079600},
	    {"2026", 1767222000, 1798758000},
	    {"today", 1795302000, 1795388400},
	    {"YESTERDAY", 1795215600, 1795302000},
	    {"sunday", 1795302000, 1795388400},
	    {"mon", 1794783600, 1794870000},
	    {"this week", 1794783600, 1795388400},
	    {"last week", 1794178800, 1794783600},
	    {"last month", 1790805600, 1793487600}, /* an hour longer: summer time ends */
	    {"this year", 1767222000, 1798758000},
	    {"3 hours ago", now - 10800, now - 10800},
	    {"2 days ago", 1795129200, 1795215600},
	    {"7d", now - 7 * 86400, now - 7 * 86400},
	    {"-7d", now - 7 * 86400, now - 7 * 86400},
	    {"1 week ago", 1794697200, 1794783600},
	    {"30 minutes", now - 1800, now - 1800},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct when w = {0};

		if (when_parse(cases[i].text, now, &w) != 0 || w.start != cases[i].start ||
		    w.end != cases[i].end)
			fail_msg("%s: %ld to %ld", cases[i].text, (long)w.start, (long)w.end);
	}
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {"", "soon", "2026-13-01", "2026-11-22 25:00",
	    "2026-11-22x", "26-11-22", "last", "last hour", "last eon", "3", "3 days hence", "days",
	    "@", "@x", "@1x", "20261122", "-", "1e9d"};
	struct when w;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (when_parse(bad[i], now, &w) != -EINVAL)
			fail_msg("'%s' is taken for a date", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("when", tests, zone_set, NULL);
}
