/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The quick look at a line's end against the patterns themselves, on lines made of what matters to either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "common/utf8.h"
#include "pump/secret.h"

#define PIECES 18
#define LINES  30000

static const uint32_t pieces[PIECES] = {':', 0xff1a, '?', 0xff1f, '>', 0x203a, ' ', '*', 'x', 'X',
    0x2022, 0xb7, 'a', 0x25cf, 0x17d6, 0xa0, 0x202f, 0x3000};

static size_t
put_words(uint32_t *line, const char *words)
{
	size_t n = 0;

	while (words[n] != '\0') {
		line[n] = (uint8_t)words[n];
		n++;
	}
	return n;
}

static int
matches(pcre2_code *code, pcre2_match_data *data, const uint32_t *line, size_t n)
{
	uint8_t text[256];
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += utf8_put(text + len, line[i]);
	return pcre2_match(code, text, len, 0, 0, data, NULL) >= 0;
}

static void
test_no_match_is_overlooked(void **state)
{
	static const char *const words[] = {
	    "Password", "[sudo] password for me", "read", "PIN", "$ echo secret"};
	unsigned found = 0, spared = 0;

	(void)state;
	srandom(20260101);
	for (size_t p = 0; secret_default_prompts[p] != NULL; p++) {
		int error;
		PCRE2_SIZE at;
		pcre2_code *code = pcre2_compile((PCRE2_SPTR)secret_default_prompts[p],
		    PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_CASELESS, &error, &at, NULL);
		pcre2_match_data *data = pcre2_match_data_create(1, NULL);

		assert_non_null(code);
		for (unsigned i = 0; i < LINES; i++) {
			uint32_t line[64];
			size_t n = put_words(line, words[(size_t)random() % 5]);

			for (long more = random() % 6; more > 0; more--)
				line[n++] = pieces[random() % PIECES];
			if (matches(code, data, line, n)) {
				found++;
				assert_true(secret_default_may_match(line, n));
			} else if (!secret_default_may_match(line, n)) {
				spared++;
			}
		}
		pcre2_match_data_free(data);
		pcre2_code_free(code);
	}
	assert_true(found > LINES / 10);
	assert_true(spared > LINES / 10);
	assert_false(secret_default_may_match(NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_match_is_overlooked)};

	return cmocka_run_group_tests_name("secret_words", tests, NULL, NULL);
}
