/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_SANDBOX_H
#define MONITOR_SANDBOX_H

/*
 * Puts the monitor's seccomp filter on (sandbox_rules.c has the list). To be
 * called once no process is forked or executed any more and no_new_privs is
 * on. Returns 0 or -errno.
 */
int monitor_sandbox(void);

#endif
