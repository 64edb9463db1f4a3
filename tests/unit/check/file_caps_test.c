/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check/file_caps.h"

#include <errno.h>
#include <string.h>

/* As 'setcap cap_net_admin,cap_sys_ptrace,cap_audit_write,cap_audit_control=p' writes it. */
static const unsigned char as_installed[20] = {0, 0, 0, 2, 0x00, 0x10, 0x08, 0x60};

static void
test_what_setcap_writes(void **state)
{
	struct file_caps c;

	(void)state;
	assert_int_equal(file_caps_parse(as_installed, sizeof as_installed, &c), 0);
	assert_int_equal(c.permitted, 1u << 12 | 1u << 19 | 1u << 29 | 1u << 30);
	assert_int_equal(c.inheritable, 0);
	assert_false(c.effective);
	assert_int_equal(c.rootid, 0);
}

static void
test_every_field(void **state)
{
	static const unsigned char attr[24] = {
	    1, 0, 0, 3, 1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 0xe8, 3, 0, 0};
	struct file_caps c;

	(void)state;
	assert_int_equal(file_caps_parse(attr, sizeof attr, &c), 0);
	assert_true(c.effective);
	assert_int_equal(c.permitted, UINT64_C(4) << 32 | 1);
	assert_int_equal(c.inheritable, UINT64_C(8) << 32 | 2);
	assert_int_equal(c.rootid, 1000);
}

static void
test_anything_else_is_refused(void **state)
{
	unsigned char attr[25] = {0, 0, 0, 2};
	struct file_caps c;

	(void)state;
	for (size_t n = 0; n <= sizeof attr; n++)
		assert_int_equal(file_caps_parse(attr, n, &c), n == 20 ? 0 : -EINVAL);
	attr[3] = 3;
	for (size_t n = 0; n <= sizeof attr; n++)
		assert_int_equal(file_caps_parse(attr, n, &c), n == 24 ? 0 : -EINVAL);
	attr[3] = 4;
	assert_int_equal(file_caps_parse(attr, 24, &c), -EINVAL);
}

static void
test_a_file_without_any(void **state)
{
	struct file_caps c;

	(void)state;
	memset(&c, 0xff, sizeof c);
	assert_int_equal(file_caps_read("/etc/passwd", &c), 0);
	assert_int_equal(c.permitted, 0);
	assert_int_equal(file_caps_read("/no/such/file", &c), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_setcap_writes),
	    cmocka_unit_test(test_every_field),
	    cmocka_unit_test(test_anything_else_is_refused),
	    cmocka_unit_test(test_a_file_without_any),
	};

	return cmocka_run_group_tests_name("file_caps", tests, NULL, NULL);
}
