/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "table.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define HOSTILE "a\x1b]0;x\a-\xc2\x9b<b>\"&,\xff"

static void
fill(struct table *t)
{
	struct cell *c;

	table_init(t, "T<1>");
	table_column(t, "user", "User", COLUMN_TEXT, 0);
	table_column(t, "connections", "Connections", COLUMN_COUNT, 1);
	table_column(t, "total_bytes", "Total", COLUMN_BYTES, 0);
	t->bar = 2;
	t->bars = 1;
	c = table_row(t);
	cell_set(&c[0], HOSTILE);
	c[1].number = 7;
	c[2].number = 2048;
	c = table_row(t);
	cell_set(&c[0], "=cmd()");
	c[2].number = 1024;
}

static char *
printed(void (*print)(const struct table *, const struct print *), int columns, bool exact)
{
	struct table t;
	char *text = NULL;
	size_t n;
	struct print p = {open_memstream(&text, &n), columns, true, exact};

	fill(&t);
	print(&t, &p);
	fclose(p.out);
	table_free(&t);
	return text;
}

static void
expect(void (*print)(const struct table *, const struct print *), int columns, bool exact,
    const char *want)
{
	char *got = printed(print, columns, exact);

	assert_string_equal(got, want);
	free(got);
}

static void
test_table(void **state)
{
	(void)state;
	expect(print_table, 80, false,
	    "User              Connections    Total\n"
	    "a?]0;x?-?<b>\"&,?            7  2.0 KiB\n"
	    "=cmd()                      0  1.0 KiB\n");
	expect(print_table, 20, true,
	    "User           Total\n"
	    "a?]0;x?-?<b>\u2026   2048\n"
	    "=cmd()          1024\n");
}

static void
test_chart(void **state)
{
	(void)state;
	expect(print_chart, 40, true,
	    "T<1>: Total\n"
	    "a?]0;x?-?<b>\u2026  2048  "
	    "\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588"
	    "\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\n"
	    "=cmd()         1024  \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u258c\n");
}

/* What a narrow terminal leaves out and shortens, in this order. */
static void
test_the_steps_to_a_narrow_terminal(void **state)
{
	static const struct {
		int columns;
		const char *want;
	} cases[] = {
	    {77, "Name      From                     Opened               Packets  In meanwhile\n"
		 "session1  2001:db8:1:2:3:4:5:6789  2026-11-22 12:34:56       42       1.0 GiB\n"},
	    {76, "Name      From                     Opened               In meanwhile\n"
		 "session1  2001:db8:1:2:3:4:5:6789  2026-11-22 12:34:56       1.0 GiB\n"},
	    {67, "Name      From                     Opened            In meanwhile\n"
		 "session1  2001:db8:1:2:3:4:5:6789  2026-11-22 12:34       1.0 GiB\n"},
	    {64, "Name      From                     Opened       In meanwhile\n"
		 "session1  2001:db8:1:2:3:4:5:6789  11-22 12:34       1.0 GiB\n"},
	    {59, "Name      From                     Opened       In mean\u2026\n"
		 "session1  2001:db8:1:2:3:4:5:6789  11-22 12:34   1.0 GiB\n"},
	    {45, "Name      From          Opened       In mean\u2026\n"
		 "session1  2001:db8:1:\u2026  11-22 12:34   1.0 GiB\n"},
	    {44, "Name      Opened       In mean\u2026\n"
		 "session1  11-22 12:34   1.0 GiB\n"},
	    {16, "Name    In mean\u2026\n"
		 "sessi\u2026   1.0 GiB\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct table t;
		char *text = NULL;
		size_t n;
		struct print p = {open_memstream(&text, &n), cases[i].columns, true, false};
		struct cell *c;

		table_init(&t, "Sessions");
		table_column(&t, "name", "Name", COLUMN_TEXT, 0);
		table_column(&t, "from", "From", COLUMN_TEXT, 2);
		table_column(&t, "opened", "Opened", COLUMN_TIME, 1);
		table_column(&t, "packets", "Packets", COLUMN_COUNT, SPARE_DETAIL);
		table_column(&t, "in", "In meanwhile", COLUMN_BYTES, 0);
		c = table_row(&t);
		cell_set(&c[0], "session1");
		cell_set(&c[1], "2001:db8:1:2:3:4:5:6789");
		c[2].number = INT64_C(1795350896000000000);
		c[3].number = 42;
		c[4].number = 1 << 30;
		print_table(&t, &p);
		fclose(p.out);
		assert_string_equal(text, cases[i].want);
		free(text);
		table_free(&t);
	}
}

static void
test_json(void **state)
{
	(void)state;
	expect(print_json, 80, false,
	    "[\n {\"user\": \"a\\u001b]0;x\\u0007-\xc2\x9b<b>\\\"&,\xef\xbf\xbd\", "
	    "\"connections\": "
	    "7, \"total_bytes\": 2048},\n"
	    " {\"user\": \"=cmd()\", \"connections\": 0, \"total_bytes\": 1024}\n]\n");
}

static void
test_csv(void **state)
{
	(void)state;
	expect(print_csv, 80, false,
	    "user,connections,total_bytes\r\n\"a\x1b]0;x\a-\xc2\x9b<b>\"\"&,\xff\",7,2048\r\n\"'="
	    "cmd()\",0,1024\r\n");
}

static void
test_html_lets_no_markup_through(void **state)
{
	char *got = printed(print_html, 80, false);

	(void)state;
	assert_null(strstr(got, "<b>"));
	assert_null(strstr(got, "T<1>"));
	assert_null(strchr(got, '\x1b'));
	assert_null(strstr(got, "http:"));
	assert_null(strstr(got, "<script"));
	assert_non_null(strstr(got, "&lt;b&gt;&quot;&amp;"));
	assert_non_null(strstr(got, "<rect "));
	free(got);
}

static void
test_units(void **state)
{
	static const struct {
		int64_t bytes;
		const char *want;
	} cases[] = {{0, "0"}, {1023, "1023"}, {1024, "1.0 KiB"}, {1048575, "1.0 MiB"},
	    {1048576, "1.0 MiB"}, {1536 * 1024 * (int64_t)1024, "1.5 GiB"}, {INT64_MAX, "8.0 EiB"}};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(print_units(cases[i].bytes, buf, sizeof buf), cases[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_chart),
	    cmocka_unit_test(test_the_steps_to_a_narrow_terminal),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_csv),
	    cmocka_unit_test(test_html_lets_no_markup_through),
	    cmocka_unit_test(test_units),
	};

	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
