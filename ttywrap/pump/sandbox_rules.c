/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs at build time: writes the pump's seccomp filter.
 *
 * The allow-list, whole. Everything else kills the process. The descriptors
 * are the table of monitor/spawn.h, the signals' one behind it. What the list
 * leaves out on purpose: lseek, pwrite, ftruncate and fallocate's other
 * modes (what has been recorded stays), open and its kin, socket, dup, fcntl, fork, exec, mmap and
 * mprotect with PROT_EXEC, and every ioctl but these (no TIOCSTI, TIOCSCTTY).
 */
#include <linux/falloc.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "common/filter_write.h"
#include "monitor/spawn.h"
#include "pump/sandbox.h"

static const struct filter_rule rules[] = {
    FILTER_FD(read, PUMP_IN),
    FILTER_FD(read, PUMP_PTM),
    FILTER_FD(read, PUMP_PTS),
    FILTER_FD(read, PUMP_PIPE_ERR),
    FILTER_FD(read, PUMP_SIGNALS),
    FILTER_FD(write, PUMP_OUT),
    FILTER_FD(write, PUMP_ERR),
    FILTER_FD(write, PUMP_RECORDING),
    FILTER_FD(write, PUMP_PTM),
    FILTER_FD(sendmsg, PUMP_MONITOR),
    FILTER_FD(recvmsg, PUMP_MONITOR),
    FILTER_FD(fdatasync, PUMP_RECORDING),
    /* space ahead of the end, and nothing else of fallocate(2): no byte and no size changes */
    {SCMP_SYS(fallocate), 2, {FILTER_IS(0, PUMP_RECORDING), FILTER_IS(1, FALLOC_FL_KEEP_SIZE)}},
    FILTER_FD(epoll_wait, PUMP_EDGE),
    FILTER_FD(epoll_wait, PUMP_READ),
    FILTER_FD(epoll_wait, PUMP_MODES),
    FILTER_FD(epoll_wait, PUMP_MODES + 1),
    FILTER_FD(epoll_wait, PUMP_MODES + 2),
    FILTER_FD(epoll_wait, PUMP_MODES + 3),
    FILTER_CALL(close),
    FILTER_CALL(poll),
    FILTER_CALL(ppoll),
    FILTER_CALL(clock_gettime), /* where the vDSO cannot */
    FILTER_CALL(brk),
    FILTER_CALL(munmap),
    FILTER_CALL(mremap),
    FILTER_CALL(madvise),
    FILTER_CALL(futex),          /* the relay and the thread that writes */
    FILTER_CALL(rt_sigprocmask), /* a thread's end */
    FILTER_CALL(restart_syscall),
    FILTER_CALL(rt_sigreturn),
    FILTER_CALL(exit),
    FILTER_CALL(exit_group),
    FILTER_FD_IOCTL(PUMP_OUT, TIOCGWINSZ), /* the window's size, from the outer terminal … */
    FILTER_FD_IOCTL(PUMP_PTM, TIOCSWINSZ), /* … to the inner one */
    FILTER_FD_IOCTL(PUMP_PTM, TCGETS),     /* ICANON and ECHO at the time of reading */
    FILTER_FD_IOCTL(PUMP_PTM, TIOCGPGRP),  /* who reads */
    FILTER_FD_IOCTL(PUMP_PTS, FIONREAD),   /* what is not read yet */
    /* memory for the heap alone: private, anonymous, never executable */
    {SCMP_SYS(mmap), 2, {FILTER_BITS(2, PROT_EXEC, 0), FILTER_IS(3, MAP_PRIVATE | MAP_ANONYMOUS)}},
};

int
main(void)
{
	return filter_write(rules, sizeof rules / sizeof *rules);
}
