/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor, once both children are there. */
#include "monitor/sandbox.h"

#include <linux/filter.h>

#include "common/filter.h"

static const struct sock_filter instructions[] = {
#include "monitor_filter.h"
};

int
monitor_sandbox(void)
{
	return filter_load(instructions, sizeof instructions / sizeof *instructions);
}
