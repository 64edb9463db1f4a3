/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>

static int
answer_count(const struct nlmsghdr *nlh, void *data)
{
	int *answers = data;

	(void)nlh;
	++*answers;
	return 0;
}

static int
ask(uint16_t type, uint16_t flags, int *answers)
{
	union {
		struct nlmsghdr align;
		char bytes[64];
	} buf = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf.bytes);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	*answers = 0;
	return netlink_ask(NETLINK_SOCK_DIAG, nlh, answer_count, answers);
}

/* A kernel that does not answer (to NLMSG_NOOP it does not, netlink_rcv_skb): nobody waits for it
 * for long, sshd least of all. */
static void
test_no_answer(void **state)
{
	int answers;

	(void)state;
	assert_int_equal(ask(NLMSG_NOOP, NLM_F_REQUEST, &answers), -ETIMEDOUT);
	assert_int_equal(answers, 0);
}

static void
test_acknowledgement_and_refusal(void **state)
{
	int answers;

	(void)state;
	assert_int_equal(ask(NLMSG_NOOP, NLM_F_REQUEST | NLM_F_ACK, &answers), 0);
	assert_int_equal(ask(NLMSG_MIN_TYPE, NLM_F_REQUEST, &answers), -EINVAL);
	assert_int_equal(answers, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_answer),
	    cmocka_unit_test(test_acknowledgement_and_refusal),
	};

	return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
