/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_READER_H
#define MONITOR_READER_H

#include <sys/types.h>

struct message_reader;
struct session;

/*
 * Who reads, of a process group of the session: whoever descends from its shell, and is of that
 * group. Name, pid, real and effective uid are the leader's, or of one that is elevated where the
 * leader is not: its real or effective uid is not the login's, or that of one of its ancestors up to
 * the shell. With the names of all that may read: who does not wait for another program below it.
 *
 * Looked up in /proc when the pump asks, so it may have changed since; a group that is gone has
 * an empty name and the ids -1, and counts as elevated, as does one that does not descend from the shell.
 * shell: 0 once it is gone.
 */
void reader_look(pid_t pgrp, pid_t shell, const struct session *, struct message_reader *);

#endif
