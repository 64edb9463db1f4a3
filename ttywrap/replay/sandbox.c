/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program, before it has read a byte of a recording. */
#include "replay/sandbox.h"

#include "common/filter.h"
#include "replay/verbs.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

static const struct sock_filter one[] = {
#include "replay/replay_filter_one.h"
};
static const struct sock_filter many[] = {
#include "replay/replay_filter_many.h"
};

int
sandbox_enter(enum sandbox kind)
{
	int r;

	tzset(); /* reads /etc/localtime */
	r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
	if (r == 0)
		r = kind == SANDBOX_ONE ? filter_load(one, sizeof one / sizeof *one)
					: filter_load(many, sizeof many / sizeof *many);
	return r == 0 ? 0 : verb_fail(EXIT_FAILED, "the sandbox (seccomp(2)): %s", strerror(-r));
}
