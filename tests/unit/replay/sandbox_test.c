/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two filters of ttywrap-replay, put on a child that then tries what they leave out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "replay/sandbox.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
	const char *name;
	long number, arg[4];
};

#define CALL(name, ...)                                                                            \
	{                                                                                          \
#name, SYS_##name,                                                                 \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define PATH (long)"/dev/null"

static const struct call never[] = {
    CALL(openat, AT_FDCWD, PATH, O_WRONLY, 0),
    CALL(openat, AT_FDCWD, PATH, O_RDWR, 0),
    CALL(openat, AT_FDCWD, PATH, O_RDONLY | O_CREAT, 0600),
    CALL(openat, AT_FDCWD, PATH, O_RDONLY | O_TRUNC, 0),
    CALL(openat, AT_FDCWD, (long)"/tmp", O_TMPFILE | O_RDWR, 0600),
    CALL(execve, PATH, 0, 0),
    CALL(execveat, AT_FDCWD, PATH, 0, 0),
    CALL(socket, AF_INET, SOCK_STREAM, 0),
    CALL(socket, AF_UNIX, SOCK_STREAM, 0),
    CALL(unlink, PATH),
    CALL(unlinkat, AT_FDCWD, PATH, 0),
    CALL(renameat2, AT_FDCWD, PATH, AT_FDCWD, PATH),
    CALL(linkat, AT_FDCWD, PATH, AT_FDCWD, PATH),
    CALL(symlink, PATH, PATH),
    CALL(mkdir, PATH, 0),
    CALL(chmod, PATH, 0),
    CALL(fchmod, 1, 0),
    CALL(truncate, PATH, 0),
    CALL(ftruncate, 1, 0),
    CALL(ptrace, 0, 0, 0, 0),
    CALL(kill, 1, 0),
    CALL(ioctl, 0, TIOCSTI, 0),
    CALL(ioctl, 0, TIOCLINUX, 0),
    CALL(ioctl, 0, TIOCSCTTY, 0),
    CALL(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS),
    CALL(mprotect, 0, 0, PROT_EXEC),
    CALL(clone, CLONE_NEWUSER | SIGCHLD, 0),
    CALL(unshare, CLONE_NEWUSER),
    CALL(prctl, 0, 0, 0, 0),
    CALL(bpf, 0, 0, 0),
    CALL(io_uring_setup, 0, 0),
};

/* What only one that looks through many files needs. */
static const struct call not_for_one[] = {
    CALL(openat, AT_FDCWD, PATH, O_RDONLY, 0),
    CALL(getdents64, 0, 0, 0),
    CALL(clone, SIGCHLD, 0),
};

static int
try(enum sandbox kind, const struct call *c)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		signal(SIGSYS, SIG_DFL); /* cmocka has its own idea */
		if (sandbox_enter(kind) != 0)
			_exit(1);
		syscall(c->number, c->arg[0], c->arg[1], c->arg[2], c->arg[3], -1, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
refused(enum sandbox kind, const struct call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int status = try(kind, &calls[i]);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg(
			    "filter %d lets %s pass (number %zu)", (int)kind, calls[i].name, i);
	}
}

static void
test_what_is_never_allowed(void **state)
{
	(void)state;
	for (int kind = 0; kind < SANDBOX_KINDS; kind++)
		refused((enum sandbox)kind, never, sizeof never / sizeof *never);
}

static void
test_one_recording_opens_nothing(void **state)
{
	(void)state;
	refused(SANDBOX_ONE, not_for_one, sizeof not_for_one / sizeof *not_for_one);
	for (size_t i = 0; i < sizeof not_for_one / sizeof *not_for_one; i++)
		assert_int_equal(try(SANDBOX_MANY, &not_for_one[i]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_never_allowed),
	    cmocka_unit_test(test_one_recording_opens_nothing),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
