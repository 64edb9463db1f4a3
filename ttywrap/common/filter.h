/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMMON_FILTER_H
#define COMMON_FILTER_H

#include <stddef.h>

struct sock_filter;

/*
 * Puts a seccomp filter of n instructions on the calling process, all its
 * threads, for good.
 * no_new_privs must be on. Returns 0 or -errno; 0 without a filter in a build
 * with the address or thread sanitizer, whose own calls no list of ours has.
 */
int filter_load(const struct sock_filter *, size_t n);

#endif
