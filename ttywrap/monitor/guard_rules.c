/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs at build time: writes the guard's seccomp filter, whole. Everything else kills the process.
 */
#include <signal.h>

#include "common/filter_write.h"
#include "monitor/guard.h"

static const struct filter_rule rules[] = {
    FILTER_FD(read, GUARD_LIFE),
    FILTER_CALL(poll),
    FILTER_FD(pidfd_send_signal, GUARD_SHELL),
    {SCMP_SYS(kill), 1, {FILTER_IS(1, SIGHUP)}},
    {SCMP_SYS(kill), 1, {FILTER_IS(1, SIGKILL)}},
    FILTER_FD(fstat, GUARD_RECORDING),
    FILTER_FD(newfstatat, GUARD_RECORDING),
    FILTER_FD(ftruncate, GUARD_RECORDING),
    FILTER_CALL(clock_gettime), /* where the vDSO cannot */
    FILTER_CALL(restart_syscall),
    FILTER_CALL(exit_group),
};

int
main(void)
{
	return filter_write(rules, sizeof rules / sizeof *rules);
}
