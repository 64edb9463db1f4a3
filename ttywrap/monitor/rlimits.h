/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_RLIMITS_H
#define MONITOR_RLIMITS_H

#include <stddef.h>

/*
 * Resource limits are the user's to lower (setrlimit(2)), and a hard one can't
 * be raised again without CAP_SYS_RESOURCE: monitor and pump live with it.
 *
 * A hard limit under which they could not do their work to the end refuses the
 * session: -EPERM, and text (n bytes) says which, what it is, and the least
 * that will do. Otherwise 0.
 */
int rlimits_check(char *text, size_t n);

/*
 * For a process of ours, never the shell's: the soft limits go up to the hard
 * ones. Of CPU time a little is kept back: SIGXCPU, which waits in a
 * signalfd(2), comes RLIMITS_CPU_LEFT_S before the kernel's SIGKILL, so that the
 * session can be brought to an end in order. A timer's slack goes back to the
 * kernel's default: that, too, was the user's choice (PR_SET_TIMERSLACK(2const)).
 */
#define RLIMITS_CPU_LEFT_S 2
void rlimits_lift(void);

/*
 * Anybody may make their own processes the first that the kernel kills when memory is short, and so
 * have it kill one of ours: a raised oom_score_adj goes back to 0, as far as the admin lets it.
 * Returns what it was, or 0; the shell's process puts that back for itself. Both are for a process
 * whose uids are not all the user's yet: it is dumpable for one open(2).
 */
int rlimits_oom_lower(void);
void rlimits_oom_restore(int score_adj);

#endif
