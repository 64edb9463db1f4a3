/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiled filters of monitor and pump, put on a child that then tries what they leave out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/filter.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/guard.h"
#include "monitor/spawn.h"
#include "pump/sandbox.h"

static const struct sock_filter monitor_filter[] = {
#include "monitor_filter.h"
};
static const struct sock_filter guard_filter[] = {
#include "guard_filter.h"
};
static const struct sock_filter pump_filter[] = {
#include "pump_filter.h"
};

struct call {
	const char *name;
	long number, arg[6];
};

#define CALL(name, ...)                                                                            \
	{                                                                                          \
#name, SYS_##name,                                                                 \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

/* Neither program may do this. */
static const struct call by_nobody[] = {
    CALL(execve, 0, 0, 0),
    CALL(execveat, 0, 0, 0, 0, 0),
    CALL(fork),
    CALL(vfork),
    CALL(clone, SIGCHLD),
    CALL(ptrace, 0, 0, 0, 0),
    CALL(process_vm_writev, 0, 0, 0, 0, 0, 0),
    CALL(setuid, 0),
    CALL(setresuid, 0, 0, 0),
    CALL(setgroups, 0, 0),
    CALL(capset, 0, 0),
    CALL(prctl, PR_SET_DUMPABLE, 1),
    CALL(mount, 0, 0, 0, 0, 0),
    CALL(unshare, 0),
    CALL(setns, 0, 0),
    CALL(chroot, 0),
    CALL(bpf, 0, 0, 0),
    CALL(io_uring_setup, 0, 0),
    CALL(userfaultfd, 0),
    CALL(dup2, 0, 1),
    CALL(dup3, 0, 1, 0),
    CALL(pidfd_send_signal, 0, 0, 0, 0),
    CALL(pidfd_getfd, 0, 0, 0),
    CALL(ftruncate, PUMP_RECORDING, 0),
    CALL(truncate, 0, 0),
    CALL(fallocate, PUMP_RECORDING, 0, 0, 1),
    CALL(fallocate, PUMP_RECORDING, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 1),
    CALL(fallocate, PUMP_RECORDING, FALLOC_FL_KEEP_SIZE | FALLOC_FL_ZERO_RANGE, 0, 1),
    CALL(fallocate, PUMP_RECORDING, FALLOC_FL_COLLAPSE_RANGE, 0, 1),
    CALL(fallocate, PUMP_OUT, FALLOC_FL_KEEP_SIZE, 0, 1),
    CALL(pwrite64, PUMP_RECORDING, 0, 0, 0),
    CALL(pwritev2, PUMP_RECORDING, 0, 0, 0, 0, 0),
    CALL(unlink, 0),
    CALL(unlinkat, AT_FDCWD, 0, 0),
    CALL(rename, 0, 0),
    CALL(link, 0, 0),
    CALL(symlink, 0, 0),
    CALL(chmod, 0, 0),
    CALL(fchmod, PUMP_RECORDING, 0777),
    CALL(socket, AF_INET, SOCK_STREAM, 0),
    CALL(socket, AF_INET6, SOCK_DGRAM, 0),
    CALL(socket, AF_PACKET, SOCK_RAW, 0),
    CALL(kill, 1, SIGTERM),
    CALL(kill, -1, SIGSTOP),
    CALL(ioctl, 0, TIOCSTI, 0),
    CALL(ioctl, 0, TIOCSCTTY, 0),
    CALL(ioctl, 0, TIOCSETD, 0),
    CALL(ioctl, PUMP_PTM, TIOCGPTPEER, 0),
    CALL(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
    CALL(mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
    CALL(mprotect, 0, 0, PROT_EXEC),
    CALL(openat, AT_FDCWD, 0, O_WRONLY | O_TRUNC),
    CALL(open, 0, O_RDONLY),
    CALL(creat, 0, 0),
};

/* The monitor may, the pump may not: its descriptors are all there is. */
static const struct call by_the_monitor[] = {
    CALL(openat, AT_FDCWD, 0, O_RDONLY),
    CALL(socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
    CALL(socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0),
    CALL(connect, -1, 0, 0),
    CALL(pidfd_open, 1, 0),
    CALL(kill, -12345678, SIGKILL),
    CALL(lseek, PUMP_RECORDING, 0, 0),
    CALL(read, PUMP_RECORDING, 0, 0),
    CALL(read, PUMP_MONITOR, 0, 0),
    CALL(write, PUMP_IN, 0, 0),
    CALL(write, PUMP_MONITOR, 0, 0),
    CALL(write, 100, 0, 0),
    CALL(recvmsg, 100, 0, 0),
    CALL(ioctl, PUMP_PTM, TIOCEXCL, 0),
};

/* The pump may, the monitor may not. */
static const struct call by_the_pump[] = {
    CALL(fallocate, PUMP_RECORDING, FALLOC_FL_KEEP_SIZE, 0, 0),
    CALL(fdatasync, PUMP_RECORDING),
};

/* Neither of the two above may: what there is of it, and no more. */
static const struct call by_the_guard[] = {
    CALL(ftruncate, GUARD_RECORDING, -1),
    CALL(read, GUARD_LIFE, 0, 0),
    CALL(kill, -12345678, SIGHUP),
    CALL(pidfd_send_signal, GUARD_SHELL, 0, 0, 0),
};

static const struct call not_by_the_guard[] = {
    CALL(ftruncate, GUARD_LIFE, 0),
    CALL(ftruncate, 4, 0),
    CALL(read, GUARD_RECORDING, 0, 0),
    CALL(write, GUARD_RECORDING, 0, 0),
    CALL(kill, 1, SIGSTOP),
    CALL(pidfd_send_signal, GUARD_PUMP, 0, 0, 0),
    CALL(setresuid, -1, -1, -1),
    CALL(socket, AF_UNIX, SOCK_DGRAM, 0),
    CALL(fallocate, GUARD_RECORDING, FALLOC_FL_KEEP_SIZE, 0, 1),
};

/* Both may. */
static const struct call by_both[] = {
    CALL(poll, 0, 0, 0),
    CALL(close, -1),
    CALL(read, PUMP_IN, 0, 0),
    CALL(write, PUMP_OUT, 0, 0),
    CALL(recvmsg, PUMP_MONITOR, 0, 0),
};

/* The wait status of a child that makes the call under the filter. */
static int
try_call(const struct sock_filter *filter, size_t n, const struct call *c)
{
	const struct rlimit none = {0, 0};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || filter_load(filter, n) != 0)
			_exit(2);
		(void)syscall(
		    c->number, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4], c->arg[5]);
		syscall(SYS_exit_group, 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void
expect(
    const struct sock_filter *filter, size_t n, const struct call *calls, size_t calls_n, int want)
{
	for (size_t i = 0; i < calls_n; i++) {
		int status = try_call(filter, n, &calls[i]);

		if (status != want)
			fail_msg("%s(%ld, %ld, %ld): wait status %#x", calls[i].name,
			    calls[i].arg[0], calls[i].arg[1], calls[i].arg[2], status);
	}
}

static void
test_what_neither_may_do(void **state)
{
	(void)state;
	expect(monitor_filter, COUNT(monitor_filter), by_nobody, COUNT(by_nobody), SIGSYS);
	expect(pump_filter, COUNT(pump_filter), by_nobody, COUNT(by_nobody), SIGSYS);
}

static void
test_what_only_the_monitor_may_do(void **state)
{
	(void)state;
	expect(monitor_filter, COUNT(monitor_filter), by_the_monitor, COUNT(by_the_monitor), 0);
	expect(pump_filter, COUNT(pump_filter), by_the_monitor, COUNT(by_the_monitor), SIGSYS);
}

static void
test_what_only_the_pump_may_do(void **state)
{
	(void)state;
	expect(pump_filter, COUNT(pump_filter), by_the_pump, COUNT(by_the_pump), 0);
	expect(monitor_filter, COUNT(monitor_filter), by_the_pump, COUNT(by_the_pump), SIGSYS);
}

static void
test_what_the_guard_may_do(void **state)
{
	(void)state;
	expect(guard_filter, COUNT(guard_filter), by_the_guard, COUNT(by_the_guard), 0);
	expect(
	    guard_filter, COUNT(guard_filter), not_by_the_guard, COUNT(not_by_the_guard), SIGSYS);
}

static void
test_what_both_may_do(void **state)
{
	(void)state;
	expect(monitor_filter, COUNT(monitor_filter), by_both, COUNT(by_both), 0);
	expect(pump_filter, COUNT(pump_filter), by_both, COUNT(by_both), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_neither_may_do),
	    cmocka_unit_test(test_what_only_the_monitor_may_do),
	    cmocka_unit_test(test_what_only_the_pump_may_do),
	    cmocka_unit_test(test_what_the_guard_may_do),
	    cmocka_unit_test(test_what_both_may_do),
	};

	return cmocka_run_group_tests_name("filters", tests, NULL, NULL);
}
