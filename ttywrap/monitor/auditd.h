/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_AUDITD_H
#define MONITOR_AUDITD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Is auditd, which writes the trail to its file, still there? The kernel does
 * not say: it takes records all the same, hands them to its own log, and, but
 * for audit=1 at boot, forgets them (kauditd_hold_skb()); and whom it hands
 * them to only a process with CAP_AUDIT_CONTROL may ask. So the one that was
 * there when the session began is watched, and its successor looked for.
 */
struct auditd {
	int fd;            /* pidfd_open(2); -1: none is watched */
	pid_t pid;         /* the last one's, 0: there was none, and none is expected */
	int64_t gone_ns;   /* CLOCK_MONOTONIC, since when it is gone; 0: it is not */
	int64_t looked_ns; /* for a successor */
};

/* pid is what the kernel has as auditd's, 0 without one. Poll fd for input: it has ended. */
void auditd_watch(struct auditd *, pid_t pid);
void auditd_close(struct auditd *);

/* What poll(2) said of fd: it has ended. */
void auditd_ended(struct auditd *, int64_t now_ns);

/*
 * Is it missing? Looks for a successor, ten times a second at most, which is then watched: by the
 * name in the file of its pid that every auditd leaves in /run, where only root can write.
 */
bool auditd_is_missing(struct auditd *, int64_t now_ns);

#endif
