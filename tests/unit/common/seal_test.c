/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/seal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
is_same(const struct seal *a, const struct seal *b)
{
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->is_last, b->is_last);
	assert_int_equal(a->offset, b->offset);
	assert_string_equal(a->hash, b->hash);
}

static int
parse(const char *text)
{
	struct seal seal;

	return seal_parse(&seal, text, strlen(text));
}

static void
test_both_spellings_come_back(void **state)
{
	const struct seal large = {UINT32_MAX, 1, INT64_MAX, HASH};
	char text[SEAL_TEXT_MAX], name[SEAL_NAME_MAX + 2], rec[SEAL_NAME_MAX + 1],
	    line[2 * SEAL_TEXT_MAX];
	struct seal seal;
	size_t n;

	(void)state;
	n = seal_text_head(text, large.number, large.is_last, large.offset);
	strcpy(text + n, HASH);
	assert_string_equal(text, "n=4294967295 end=1 off=9223372036854775807 hash=blake2b:" HASH);
	assert_int_equal(seal_parse(&seal, text, strlen(text)), 0);
	is_same(&seal, &large);

	memset(name, 'n', sizeof name);
	name[SEAL_NAME_MAX] = '\0';
	n = (size_t)seal_audit_text(text, name, &large);
	assert_int_equal(n, strlen(text));
	n = (size_t)snprintf(
	    line, sizeof line, "type=TRUSTED_APP msg=audit(1.2:3): pid=1 msg='%s exe=\"x\"'", text);
	assert_int_equal(seal_audit_parse(&seal, rec, line, n), 1);
	assert_string_equal(rec, name);
	is_same(&seal, &large);
	name[SEAL_NAME_MAX] = 'n';
	name[SEAL_NAME_MAX + 1] = '\0';
	assert_int_equal(seal_audit_text(text, name, &large), -EINVAL);
}

static void
test_one_spelling_only(void **state)
{
	(void)state;
	assert_int_equal(parse("n=1 end=0 off=0 hash=blake2b:" HASH), 0);
	assert_int_equal(parse("n=0 end=0 off=0 hash=blake2b:" HASH), -EINVAL);
	assert_int_equal(parse("n=01 end=0 off=0 hash=blake2b:" HASH), -EINVAL);
	assert_int_equal(parse("n=4294967296 end=0 off=0 hash=blake2b:" HASH), -EINVAL);
	assert_int_equal(parse("n=1 end=2 off=0 hash=blake2b:" HASH), -EINVAL);
	assert_int_equal(parse("n=1 end=12 off=0 hash=blake2b:" HASH), -EINVAL);
	assert_int_equal(parse("n=1 end= off=0 hash=blake2b:" HASH), -EINVAL);
	assert_int_equal(parse("n=1 end=0 off=9223372036854775808 hash=blake2b:" HASH), -EINVAL);
	assert_int_equal(parse("n=1 end=0  off=0 hash=blake2b:" HASH), -EINVAL);
	assert_int_equal(parse("n=1 end=0 off=0 hash=" HASH), -EINVAL);
	assert_int_equal(parse("n=1 end=0 off=0 hash=blake2b:" HASH "0"), -EINVAL);
	assert_int_equal(
	    parse("n=1 end=0 off=0 "
		  "hash=blake2b:A123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
	    -EINVAL);
	assert_int_equal(parse("n=1 end=0 off=0 hash=blake2b:0"), -EINVAL);
	assert_int_equal(parse(""), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_spellings_come_back),
	    cmocka_unit_test(test_one_spelling_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
