/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs at build time: writes the monitor's seccomp filter.
 *
 * The allow-list, whole; everything else kills the process. Left out on
 * purpose: fork, exec, ptrace and process_vm_writev, every set*id but setfsuid,
 * capset, prctl, mount and namespaces, dup, unlink, rename, link, chmod and
 * truncate (what has been recorded stays), executable memory, TCP, and signals
 * to anybody but SIGKILL.
 */
#include <sys/socket.h>
#include <asm/ioctls.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include "common/filter_write.h"

static const struct filter_rule rules[] = {
    /* the loop: the pump's channel, signals, children */
    FILTER_CALL(poll),
    FILTER_CALL(ppoll),
    FILTER_CALL(read),
    FILTER_CALL(recvmsg),
    FILTER_CALL(sendmsg),
    FILTER_CALL(wait4),
    {SCMP_SYS(kill), 1, {FILTER_IS(1, SIGKILL)}},
    FILTER_CALL(close),
    FILTER_CALL(restart_syscall),
    FILTER_CALL(rt_sigreturn),
    FILTER_CALL(clock_gettime), /* where the vDSO cannot */
    FILTER_CALL(gettimeofday),
    FILTER_CALL(time),
    /* the shell's gate; one line to the user; a line of the ledger */
    FILTER_CALL(write),
    FILTER_CALL(pread64),           /* is the ledger's last line whole? */
    {SCMP_SYS(setfsuid), 0, {{0}}}, /* the ledger is opened as its folder's owner */
    /* /proc/PID/status, the ledger, /etc/localtime (syslog(3)), /dev/tty; by name, never made anew
     * but for the ledger */
    {SCMP_SYS(openat), 1, {FILTER_BITS(2, O_TRUNC, 0)}},
    FILTER_CALL(newfstatat),
    /* what lies in the recordings' folder: fdopendir(3), readdir(3) */
    {SCMP_SYS(fcntl), 1, {FILTER_IS(1, F_GETFL)}},
    FILTER_CALL(getdents64),
    FILTER_CALL(fstat),
    FILTER_CALL(lseek),
    FILTER_CALL(uname),      /* the host's name, for the ledger */
    FILTER_CALL(pidfd_open), /* a new auditd; the calls that act on one are not here */
    FILTER_CALL(getpid),
    FILTER_CALL(gettid),
    FILTER_CALL(geteuid),
    FILTER_CALL(getpgid), /* who is of the group that reads */
    FILTER_CALL(getpgrp),
    FILTER_CALL(getsid),
    /* the outer terminal */
    FILTER_IOCTL(TCGETS), /* isatty(3), tcsetattr(3) */
    FILTER_IOCTL(TCSETS),
    FILTER_IOCTL(TIOCGPGRP),
    FILTER_IOCTL(TIOCGSID),
    FILTER_IOCTL(TIOCEXCL),
    FILTER_IOCTL(TIOCNXCL),
    FILTER_IOCTL(TIOCNOTTY),
    /* syslog(3), the audit trail, connection tracking, sock_diag */
    {SCMP_SYS(socket), 1, {FILTER_IS(0, AF_UNIX)}},
    {SCMP_SYS(socket), 1, {FILTER_IS(0, AF_NETLINK)}},
    FILTER_CALL(connect),
    FILTER_CALL(bind),
    FILTER_CALL(getsockname),
    FILTER_CALL(setsockopt),
    FILTER_CALL(sendto),
    FILTER_CALL(recvfrom),
    /* memory for the heap alone: private, anonymous, never executable */
    FILTER_CALL(brk),
    {SCMP_SYS(mmap), 2,
	{FILTER_BITS(2, PROT_EXEC, 0),
	    FILTER_BITS(3, MAP_TYPE | MAP_ANONYMOUS, MAP_PRIVATE | MAP_ANONYMOUS)}},
    {SCMP_SYS(mprotect), 1, {FILTER_BITS(2, PROT_EXEC, 0)}},
    FILTER_CALL(munmap),
    FILTER_CALL(mremap),
    FILTER_CALL(madvise),
    FILTER_CALL(futex), /* libc's own locks */
    FILTER_CALL(getrandom),
    /* the end: the shell's exit status, or its signal */
    FILTER_CALL(rt_sigprocmask),
    FILTER_CALL(rt_sigaction),
    FILTER_CALL(prlimit64), /* no core file of ours for a signal that was the shell's */
    FILTER_CALL(tgkill),
    FILTER_CALL(exit),
    FILTER_CALL(exit_group),
};

int
main(void)
{
	return filter_write(rules, sizeof rules / sizeof *rules);
}
