/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_CHILDREN_H
#define MONITOR_CHILDREN_H

struct monitor;
struct session;
struct trail_flag;

/*
 * The pump, the shell, and what connects them: the inner terminal
 * (MONITOR_TERMINAL) or three pipes (MONITOR_PIPES). Fills in the session's
 * shell what its descriptors become. Returns 0 or -errno.
 */
int children_connect(struct monitor *, struct session *);

/*
 * Starts the pump (not for MONITOR_EXEC) and the shell's process, which waits
 * at the gate: one byte written to gate[1] lets it go, closing it ends it.
 * CAP_AUDIT_CONTROL must be effective where there is a trail. came_in is the
 * caller's TTY-audit flag. Returns 0 or -errno; what was started stays.
 */
int children_start(
    struct monitor *, struct session *, const struct trail_flag *came_in, int gate[2]);

/*
 * Lets go of the children's ends and of the caller's own descriptors 0 to 2 where
 * the monitor has no more business with them: an end of file is the command's to give.
 */
void children_disconnect(struct monitor *);

#endif
