/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs at build time: writes the seccomp filters of ttywrap-replay; the argument says which one.
 *
 * The allow-lists, whole; everything else is SIGSYS. Left out on purpose: every way to make, change
 * or remove a file, sockets, exec, threads, ptrace, executable memory, and all of the terminal's
 * requests but these (no TIOCSTI, TIOCLINUX). --prune reads no recording, and goes without.
 */
#define _GNU_SOURCE /* a program of the build machine's, which has no settings of ours */
#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "common/filter_write.h"

#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))

static const struct filter_rule one[] = {
    /* what is open: the recording, standard output, the terminal, a file to export to */
    FILTER_CALL(read),
    FILTER_CALL(pread64),
    FILTER_CALL(write),
    FILTER_CALL(writev),
    FILTER_CALL(lseek),
    FILTER_CALL(close),
    FILTER_CALL(fstat),
    FILTER_CALL(newfstatat),
    FILTER_CALL(dup),
    {SCMP_SYS(fcntl), 1, {FILTER_IS(1, F_DUPFD_CLOEXEC)}},
    {SCMP_SYS(fcntl), 1, {FILTER_IS(1, F_GETFL)}},
    {SCMP_SYS(fcntl), 1, {FILTER_IS(1, F_GETFD)}},
    {SCMP_SYS(fcntl), 1, {FILTER_IS(1, F_SETFD)}},
    {SCMP_SYS(fcntl), 1, {FILTER_IS(1, F_OFD_GETLK)}}, /* live.c */
    FILTER_CALL(memfd_create),                         /* the page's recording, while it is made */
    FILTER_IOCTL(TCGETS),
    FILTER_IOCTL(TCSETS),
    FILTER_IOCTL(TIOCGWINSZ),
    /* waiting: for keys, signals, a time, the file to grow */
    FILTER_CALL(poll),
    FILTER_CALL(ppoll),
    FILTER_CALL(signalfd4),
    FILTER_CALL(timerfd_create),
    FILTER_CALL(timerfd_settime),
    FILTER_CALL(inotify_init1),
    FILTER_CALL(inotify_add_watch),
    FILTER_CALL(clock_gettime), /* where the vDSO cannot */
    FILTER_CALL(gettimeofday),
    FILTER_CALL(time),
    FILTER_CALL(restart_syscall),
    /* memory, never executable */
    FILTER_CALL(brk),
    {SCMP_SYS(mmap), 1, {FILTER_BITS(2, PROT_EXEC, 0)}},
    {SCMP_SYS(mprotect), 1, {FILTER_BITS(2, PROT_EXEC, 0)}},
    FILTER_CALL(munmap),
    FILTER_CALL(mremap),
    FILTER_CALL(madvise),
    FILTER_CALL(futex),
    FILTER_CALL(getrandom),
    FILTER_CALL(sysinfo), /* qsort(3) asks how much there is */
    /* to stop as jobs do, to die of a signal that came, or of one's own */
    FILTER_CALL(rt_sigaction),
    FILTER_CALL(rt_sigprocmask),
    FILTER_CALL(rt_sigreturn),
    FILTER_CALL(getpid),
    FILTER_CALL(gettid),
    FILTER_CALL(tgkill),
    FILTER_CALL(prlimit64), /* no core file */
    FILTER_CALL(exit),
    FILTER_CALL(exit_group),
};

static const struct filter_rule more_for_many[] = {
    {SCMP_SYS(openat), 1, {FILTER_BITS(2, WRITING, 0)}},
    FILTER_CALL(getdents64),
    FILTER_CALL(fstatfs),
    FILTER_CALL(getuid), /* whose own recordings */
    FILTER_CALL(access),
    FILTER_CALL(faccessat),
    FILTER_CALL(sched_getaffinity),
    FILTER_CALL(pipe2),
    {SCMP_SYS(clone), 1,
	{FILTER_BITS(0, CLONE_VM | CLONE_THREAD | CLONE_NEWUSER, 0)}}, /* fork(2) */
    FILTER_CALL(set_robust_list),
    FILTER_CALL(wait4),
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

int
main(int argc, char **argv)
{
	static struct filter_rule all[COUNT(one) + COUNT(more_for_many)];

	memcpy(all, one, sizeof one);
	memcpy(all + COUNT(one), more_for_many, sizeof more_for_many);
	return filter_write_trap(
	    all, argc > 1 && strcmp(argv[1], "many") == 0 ? COUNT(all) : COUNT(one));
}
