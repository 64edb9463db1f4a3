/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/base64.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
encodes_to(const char *plain, const char *coded)
{
	char text[64] = "";
	uint8_t back[64];

	assert_int_equal(base64_encode(text, (const uint8_t *)plain, strlen(plain)), strlen(coded));
	assert_string_equal(text, coded);
	assert_int_equal(base64_decode(back, coded, strlen(coded)), strlen(plain));
	assert_memory_equal(back, plain, strlen(plain));
}

/* RFC 4648, section 10. */
static void
test_vectors(void **state)
{
	(void)state;
	encodes_to("", "");
	encodes_to("f", "Zg==");
	encodes_to("fo", "Zm8=");
	encodes_to("foo", "Zm9v");
	encodes_to("foob", "Zm9vYg==");
	encodes_to("fooba", "Zm9vYmE=");
	encodes_to("foobar", "Zm9vYmFy");
}

/* Every sextet through the wide path: 48 bytes that are 0..63 in order. */
static void
test_every_letter(void **state)
{
	uint8_t bytes[64] = {0};
	char text[65] = "";

	(void)state;
	for (int i = 0; i < 16; i++) {
		unsigned a = 4u * i, b = a + 1, c = a + 2, d = a + 3;

		bytes[3 * i] = (uint8_t)(a << 2 | b >> 4);
		bytes[3 * i + 1] = (uint8_t)(b << 4 | c >> 2);
		bytes[3 * i + 2] = (uint8_t)(c << 6 | d);
	}
	assert_int_equal(base64_encode(text, bytes, 48), 64);
	assert_string_equal(
	    text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

static void
test_there_and_back(void **state)
{
	(void)state;
	srandom(1);
	for (size_t n = 0; n < 200; n++) {
		uint8_t *bytes = malloc(n + 1), *back = malloc(n + 3);
		char *text = malloc(BASE64_LEN(n) + 1);

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)random();
		assert_int_equal(base64_encode(text, bytes, n), BASE64_LEN(n));
		assert_int_equal(base64_decode(back, text, BASE64_LEN(n)), n);
		assert_memory_equal(back, bytes, n);
		assert_int_equal(base64_decode((uint8_t *)text, text, BASE64_LEN(n)), n);
		assert_memory_equal(text, bytes, n);
		free(bytes);
		free(back);
		free(text);
	}
}

static void
test_only_one_spelling_is_taken(void **state)
{
	static const char *const wrong[] = {"Zg",
	    "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zg==Zg==", "Zm-v", "Zm9v\n",
	    "Zm9vY=="};
	uint8_t back[16];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(base64_decode(back, wrong[i], strlen(wrong[i])), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_every_letter),
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_only_one_spelling_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
