/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs at build time. The filters are compiled into the programs, so that
 * those link no filter compiler and start with the filter ready.
 */
#include "common/filter_write.h"

#include <stdint.h>
#include <stdio.h>

/* As the kernel has it: struct sock_filter. */
struct instruction {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

static int export(scmp_filter_ctx ctx)
{
	struct instruction ins;
	FILE *bpf = tmpfile();

	if (bpf == NULL || seccomp_export_bpf(ctx, fileno(bpf)) != 0)
		return 1;
	rewind(bpf);
	printf("/* Made by filter_write.c. */\n");
	while (fread(&ins, sizeof ins, 1, bpf) == 1)
		printf("{%#x, %u, %u, %#x},\n", ins.code, ins.jt, ins.jf, ins.k);
	fclose(bpf);
	return ferror(stdout) || fflush(stdout) != 0;
}

static int
write_filter(const struct filter_rule *rules, size_t n, uint32_t otherwise)
{
	scmp_filter_ctx ctx = seccomp_init(otherwise);
	int failed;

	/* 2: a binary tree, few steps a call. */
	if (ctx == NULL || seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0)
		return 1;
	for (size_t i = 0; i < n; i++) {
		if (seccomp_rule_add_array(
			ctx, SCMP_ACT_ALLOW, rules[i].call, rules[i].checks, rules[i].check) != 0) {
			fprintf(stderr, "filter_write: rule %zu was refused\n", i);
			return 1;
		}
	}
	failed = export(ctx);
	seccomp_release(ctx);
	return failed;
}

int
filter_write(const struct filter_rule *rules, size_t n)
{
	return write_filter(rules, n, SCMP_ACT_KILL_PROCESS);
}

int
filter_write_trap(const struct filter_rule *rules, size_t n)
{
	return write_filter(rules, n, SCMP_ACT_TRAP);
}
