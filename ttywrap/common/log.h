/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

/*
 * Two readers, two texts. The user gets one plain line on their terminal; the
 * admin gets the reason, in syslog's auth facility. Every byte outside
 * printable ASCII is written as \ooo, so that no value can forge a line.
 */

/* Opens nothing until the first message. quiet sends the admin's text nowhere (unprivileged use).
 */
void log_open(bool quiet);

/* For the admin: syslog, LOG_AUTHPRIV, "ttywrap[pid]: text". Never blocks: a missing syslogd is no
 * error. */
__attribute__((format(printf, 2, 3))) void log_admin(int priority, const char *format, ...);

/* For the user: "ttywrap: text" and a line end, on standard error. */
__attribute__((format(printf, 1, 2))) void log_user(const char *format, ...);

#endif
