/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_SANDBOX_H
#define PUMP_SANDBOX_H

#include <sys/types.h>

#include "monitor/spawn.h"

/* Behind the table of spawn.h, in the order in which the pump opens them. */
#define PUMP_SIGNALS PUMP_FDS       /* a signalfd for SIGWINCH and SIGXCPU */
#define PUMP_EDGE    (PUMP_FDS + 1) /* view.h's epoll descriptors */
#define PUMP_READ    (PUMP_FDS + 2)
#define PUMP_MODES   (PUMP_FDS + 3) /* and the next ones, VIEW_MODES in all */

/*
 * The pump's way in, in two steps, before it has read a byte. Each returns 0 or
 * -errno: then the pump must not run.
 *
 * sandbox_drop() gives up the uid and the capabilities that the pump came with,
 * and checks that they are gone. Threads are made after it: credentials are a
 * thread's own. sandbox_close() takes the right to make any more, and puts the
 * seccomp filter on all there are.
 */
int sandbox_drop(uid_t service);
int sandbox_close(void);

#endif
