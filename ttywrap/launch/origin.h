/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LAUNCH_ORIGIN_H
#define LAUNCH_ORIGIN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Is this process inside a session that a ttywrap monitor already records, on
 * that session's own terminal? Then the real shell is run directly.
 *
 * Asked of the kernel, not of a lock or a variable: the leader of our session
 * is a monitor's child (a wrapped terminal) or a monitor itself (a wrapped
 * command without a terminal), and only a monitor has three uids of the
 * service. A login that sshd, login or su starts has another leader or leads
 * its own session, whose parent is never a monitor: it is wrapped, as is a
 * pane of tmux or screen, which leads a session of its own.
 *
 * service: the monitor's uid. Returns false when in doubt.
 */
bool origin_is_nested(uid_t service);

/*
 * The parent of a process, from /proc/PID/stat: what follows the last ')',
 * since the name before it may hold anything (CVE-2017-1000367). stat is the
 * file's text. Returns a pid, or -1.
 */
pid_t origin_parse_parent(const char *stat);

#endif
