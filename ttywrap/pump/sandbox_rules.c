/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs at build time: writes the pump's seccomp filter as C, so that the pump
 * links no filter compiler and starts with the filter ready.
 *
 * The allow-list, whole. Everything else kills the process. The descriptors
 * are the table of monitor/spawn.h, the signals' one behind it. What the list
 * leaves out on purpose: lseek, pwrite, ftruncate and fallocate (what has been
 * recorded stays), open and its kin, socket, dup, fcntl, fork, exec, mmap and
 * mprotect with PROT_EXEC, and every ioctl but these (no TIOCSTI, TIOCSCTTY).
 */
#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "monitor/spawn.h"
#include "pump/sandbox.h"

#define ANY_FD (-1)

static const struct {
	int call;
	int fd; /* the first argument must be this */
} by_fd[] = {
    {SCMP_SYS(read), PUMP_IN},
    {SCMP_SYS(read), PUMP_PTM},
    {SCMP_SYS(read), PUMP_PTS},
    {SCMP_SYS(read), PUMP_PIPE_ERR},
    {SCMP_SYS(read), PUMP_SIGNALS},
    {SCMP_SYS(write), PUMP_OUT},
    {SCMP_SYS(write), PUMP_ERR},
    {SCMP_SYS(write), PUMP_RECORDING},
    {SCMP_SYS(write), PUMP_PTM},
    {SCMP_SYS(sendmsg), PUMP_MONITOR},
    {SCMP_SYS(recvmsg), PUMP_MONITOR},
    {SCMP_SYS(fdatasync), PUMP_RECORDING},
    {SCMP_SYS(close), ANY_FD},
    {SCMP_SYS(poll), ANY_FD},
    {SCMP_SYS(ppoll), ANY_FD},
    {SCMP_SYS(clock_gettime), ANY_FD}, /* where the vDSO cannot */
    {SCMP_SYS(brk), ANY_FD},
    {SCMP_SYS(munmap), ANY_FD},
    {SCMP_SYS(mremap), ANY_FD},
    {SCMP_SYS(madvise), ANY_FD},
    {SCMP_SYS(restart_syscall), ANY_FD},
    {SCMP_SYS(rt_sigreturn), ANY_FD},
    {SCMP_SYS(exit), ANY_FD},
    {SCMP_SYS(exit_group), ANY_FD},
};

static const struct {
	int fd;
	unsigned request;
} ioctls[] = {
    {PUMP_OUT, TIOCGWINSZ}, /* the window's size, from the outer terminal … */
    {PUMP_PTM, TIOCSWINSZ}, /* … to the inner one */
    {PUMP_PTM, TCGETS},     /* ICANON and ECHO at the time of reading */
    {PUMP_PTM, TIOCGPGRP},  /* who reads */
    {PUMP_PTS, FIONREAD},   /* what is not read yet */
};

static void
check(int r)
{
	if (r < 0) {
		fprintf(stderr, "sandbox_rules: %s\n", "a rule was refused");
		exit(1);
	}
}

static void
fill(scmp_filter_ctx ctx)
{
	for (size_t i = 0; i < sizeof by_fd / sizeof *by_fd; i++) {
		if (by_fd[i].fd == ANY_FD)
			check(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, by_fd[i].call, 0));
		else
			check(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, by_fd[i].call, 1,
			    SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)by_fd[i].fd)));
	}
	for (size_t i = 0; i < sizeof ioctls / sizeof *ioctls; i++)
		check(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 2,
		    SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)ioctls[i].fd),
		    SCMP_A1_32(SCMP_CMP_EQ, ioctls[i].request)));
	/* Memory for the heap alone: private, anonymous, never executable. */
	check(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
	    SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	    SCMP_A3_32(SCMP_CMP_EQ, MAP_PRIVATE | MAP_ANONYMOUS)));
}

int
main(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	struct {
		uint16_t code;
		uint8_t jt, jf;
		uint32_t k;
	} ins;
	FILE *bpf = tmpfile();

	if (ctx == NULL || bpf == NULL)
		return 1;
	check(seccomp_attr_set(
	    ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2)); /* a binary tree: few steps a call */
	fill(ctx);
	check(seccomp_export_bpf(ctx, fileno(bpf)));
	rewind(bpf);
	printf("/* Made by sandbox_rules.c. */\n");
	while (fread(&ins, sizeof ins, 1, bpf) == 1)
		printf("{%#x, %u, %u, %#x},\n", ins.code, ins.jt, ins.jf, ins.k);
	seccomp_release(ctx);
	return 0;
}
