/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, before it has read a byte. */
#include "pump/sandbox.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/filter.h"
#include "common/privilege.h"

static const struct sock_filter instructions[] = {
#include "pump_filter.h"
};

int
sandbox_drop(uid_t service)
{
	const struct privilege_row row = {.uid = service, .no_new_privs = true};
	char why[128];

	if (setresuid(row.uid, row.uid, row.uid) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return -errno;
	/* Root without an installation is its own service, and got all of them over the exec. */
	if (privilege_set(0, 0, 0) != 0)
		return -EPERM;
	return privilege_check(&row, why, sizeof why);
}

int
sandbox_close(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_NPROC, &none) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return -errno;
	return filter_load(instructions, sizeof instructions / sizeof *instructions);
}
