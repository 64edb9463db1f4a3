/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_READER_H
#define MONITOR_READER_H

#include <sys/types.h>

struct message_reader;
struct session;

/*
 * Who leads a process group of the session: name, real and effective uid, and
 * whether it is elevated: its effective uid is not the login's, or one of its
 * ancestors up to the session's shell is so. Looked up in /proc when the pump
 * asks, so it may have changed since; a group that is gone has an empty name
 * and the ids -1, and counts as elevated.
 */
void reader_look(pid_t pgrp, const struct session *, struct message_reader *);

#endif
