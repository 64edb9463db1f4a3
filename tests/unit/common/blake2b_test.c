/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/blake2b.h"

#include <stdio.h>
#include <string.h>

static void
hashes_to(const char *bytes, size_t n, const char *want)
{
	struct blake2b b;
	char hex[BLAKE2B_HEX + 1];

	blake2b_init(&b);
	blake2b_update(&b, bytes, n);
	blake2b_hex(&b, hex);
	assert_string_equal(hex, want);
}

/* Computed with coreutils' b2sum -l 256. */
static void
test_same_as_b2sum(void **state)
{
	char bytes[1024];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)('a' + i % 26);
	hashes_to("", 0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
	hashes_to("abc", 3, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	hashes_to(bytes, 127, "ad29611e31c0846f28e02982a12c7a6ec9ef71ea7b6866603dd93a23c2322a5b");
	hashes_to(bytes, 128, "362f4baa8a41484b362c7dee9605b22c9ef18b4930abb85348fa54a43cfa19a9");
	hashes_to(bytes, 129, "43e7c863a2faa256b007de3e4a92d9251b087024733014163b13a34b9bcbadb7");
	hashes_to(bytes, 256, "cde6d574fcacb5cc1dbb64dec9a7d1a6f7a6b4f87e9e30127e048482d5265ec3");
	hashes_to(bytes, 1000, "67b41dcf4f07815300dd501bbdfe5cfae7e984c3f3bac80a04fae2950a081372");
}

/* Any split gives the same, and asking in between changes nothing. */
static void
test_split_anywhere(void **state)
{
	char bytes[600];

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	for (size_t n = 0; n < sizeof bytes; n += 7) {
		struct blake2b whole, split;
		char a[BLAKE2B_HEX + 1], b[BLAKE2B_HEX + 1];

		blake2b_init(&whole);
		blake2b_update(&whole, bytes, sizeof bytes);
		blake2b_hex(&whole, a);
		blake2b_init(&split);
		blake2b_update(&split, bytes, n);
		blake2b_hex(&split, b);
		for (size_t i = n; i < sizeof bytes; i += 50)
			blake2b_update(
			    &split, bytes + i, sizeof bytes - i < 50 ? sizeof bytes - i : 50);
		blake2b_hex(&split, b);
		assert_string_equal(a, b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same_as_b2sum),
	    cmocka_unit_test(test_split_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
