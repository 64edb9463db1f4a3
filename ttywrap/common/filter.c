/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor and pump, as the last step down. */
#include "common/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __has_feature /* clang's way of asking; gcc has macros */
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#else
#define SANITIZED false
#endif

int
filter_load(const struct sock_filter *filter, size_t n)
{
	struct sock_fprog program = {
	    .len = (unsigned short)n, .filter = (struct sock_filter *)filter};
	long r;

	if (SANITIZED)
		return 0;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	/* seccomp(2): the id of a thread that could not be brought in. */
	return r == 0 ? 0 : r > 0 ? -EBUSY : -errno;
}
