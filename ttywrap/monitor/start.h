/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_START_H
#define MONITOR_START_H

struct monitor;
struct session;

/*
 * From the launcher's privileges to the monitor's: the trail, the recording's
 * file, the terminals, both children, then everything dropped and checked,
 * the pump ready, the open record written, the shell let go. Returns 0 with
 * the session running; -1 when it must not be (said to the user and to the
 * admin; no shell was started).
 */
int start(struct monitor *, struct session *);

#endif
