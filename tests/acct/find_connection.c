/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests: prints what account_find() finds, as SSH_CONNECTION would say it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"

int
main(void)
{
	char local[CONNECTION_ADDR_MAX];
	struct account a;
	int ret = account_find(&a, getenv("SSH_CONNECTION"));

	if (ret < 0) {
		printf("error %s\n", strerror(-ret));
		return 1;
	}
	connection_addr_text(a.connection.family, a.connection.local, local);
	printf("%s %s %s %u %s %u\n", a.origin == ACCOUNT_HANDOFF ? "handoff" : "ancestor",
	    a.hint_agrees ? "agrees" : "differs", a.peer, a.connection.peer_port, local,
	    a.connection.local_port);
	return 0;
}
