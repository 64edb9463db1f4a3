/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMMON_FILTER_WRITE_H
#define COMMON_FILTER_WRITE_H

#include <seccomp.h>
#include <stddef.h>

#define FILTER_CHECKS 3

/* One permitted system call; with checks, only where all of them hold. */
struct filter_rule {
	int call; /* SCMP_SYS(name) */
	unsigned checks;
	struct scmp_arg_cmp check[FILTER_CHECKS];
};

/* A check: argument n is the value; or those of its bits that are in mask are. */
#define FILTER_IS(n, value)                                                                        \
	{                                                                                          \
		(n), SCMP_CMP_EQ, (value), 0                                                       \
	}
#define FILTER_BITS(n, mask, value)                                                                \
	{                                                                                          \
		(n), SCMP_CMP_MASKED_EQ, (mask), (value)                                           \
	}

/* Whole rules of the usual kinds. */
#define FILTER_CALL(name)                                                                          \
	{                                                                                          \
		SCMP_SYS(name), 0,                                                                 \
		{                                                                                  \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}
#define FILTER_FD(name, fd)                                                                        \
	{                                                                                          \
		SCMP_SYS(name), 1,                                                                 \
		{                                                                                  \
			FILTER_IS(0, fd)                                                           \
		}                                                                                  \
	}
#define FILTER_IOCTL(request)                                                                      \
	{                                                                                          \
		SCMP_SYS(ioctl), 1,                                                                \
		{                                                                                  \
			FILTER_IS(1, request)                                                      \
		}                                                                                  \
	}
#define FILTER_FD_IOCTL(fd, request)                                                               \
	{                                                                                          \
		SCMP_SYS(ioctl), 2,                                                                \
		{                                                                                  \
			FILTER_IS(0, fd), FILTER_IS(1, request)                                    \
		}                                                                                  \
	}

/*
 * Runs at build time: writes the filter that permits the n rules and kills
 * the process for everything else to standard output, as initializers of
 * struct sock_filter. Returns main's exit status.
 */
int filter_write(const struct filter_rule *, size_t n);

/* The same, but everything else is refused with SIGSYS: for a program that has a terminal to put back. */
int filter_write_trap(const struct filter_rule *, size_t n);

#endif
