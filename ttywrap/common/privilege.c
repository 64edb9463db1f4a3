/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every role. Capabilities by the system calls themselves: three sets of 64
 * bits are less to read than a library's calls to reach the same, and the
 * check must not believe what did the dropping.
 */
#include "common/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int
privilege_set(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct half[2];

	for (unsigned i = 0; i < 2; i++) {
		half[i].permitted = (uint32_t)(permitted >> (32 * i));
		half[i].effective = (uint32_t)(effective >> (32 * i));
		half[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	return syscall(SYS_capset, &head, half) == 0 ? 0 : -errno;
}

int
privilege_get(uint64_t *permitted, uint64_t *effective, uint64_t *inheritable)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct half[2];

	if (syscall(SYS_capget, &head, half) != 0)
		return -errno;
	*permitted = half[0].permitted | (uint64_t)half[1].permitted << 32;
	*effective = half[0].effective | (uint64_t)half[1].effective << 32;
	*inheritable = half[0].inheritable | (uint64_t)half[1].inheritable << 32;
	return 0;
}

static bool
ambient_is_empty(void)
{
	for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			return false;
	return true;
}

static int
refuse(char *why, size_t n, const char *what, unsigned long long is, unsigned long long want)
{
	snprintf(why, n, "%s is %#llx where %#llx is wanted", what, is, want);
	return -EPERM;
}

int
privilege_check(const struct privilege_row *row, char *why, size_t n)
{
	uid_t real, effective, saved;
	uint64_t p, e, i;

	if (getresuid(&real, &effective, &saved) != 0 || privilege_get(&p, &e, &i) != 0) {
		snprintf(why, n, "the kernel does not say which privileges the process has");
		return -EPERM;
	}
	if (real != row->uid)
		return refuse(why, n, "the real uid", real, row->uid);
	if (effective != (row->acting != NULL ? *row->acting : row->uid))
		return refuse(why, n, "the effective uid", effective,
		    row->acting != NULL ? *row->acting : row->uid);
	if (saved != row->uid)
		return refuse(why, n, "the saved uid", saved, row->uid);
	if (p != row->permitted)
		return refuse(why, n, "the permitted set", p, row->permitted);
	if (e != row->effective)
		return refuse(why, n, "the effective set", e, row->effective);
	if (i != row->inheritable)
		return refuse(why, n, "the inheritable set", i, row->inheritable);
	if (!ambient_is_empty())
		return refuse(why, n, "the ambient set", 1, 0);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != row->no_new_privs)
		return refuse(why, n, "no_new_privs", !row->no_new_privs, row->no_new_privs);
	return 0;
}
