/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_TRAIL_H
#define MONITOR_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TRAIL_USER_CMD                                                                             \
	1123 /* AUDIT_USER_CMD: libaudit.h's number; linux/audit.h has only the kernel's own */
#define TRAIL_TRUSTED_APP 1121 /* AUDIT_TRUSTED_APP, likewise */

/*
 * The Linux audit trail, by netlink (audit(7), kernel/audit.c). Not by
 * libaudit: its audit_log_user_message() answers 0 where the kernel answered
 * EPERM or ECONNREFUSED, and appends to a payload that must stay as it is.
 *
 * Needs CAP_AUDIT_WRITE; trail_state_get() and trail_flag_set() need
 * CAP_AUDIT_CONTROL too. auid and ses come from the kernel.
 */
struct trail {
	int fd; /* -1: there is no trail, and every record is -ENOTCONN */
	uint32_t sequence;
	const char *addr;     /* the client's address, or "?"; borrowed */
	const char *terminal; /* "pts/3", or "?"; borrowed */
	uint64_t records, refused;
};

/* struct audit_tty_status: the kernel's own TTY auditing of a process. */
struct trail_flag {
	uint32_t enabled, log_passwd;
};

/* Opens the socket. Returns 0, -EPROTONOSUPPORT without kernel auditing, or -errno. */
int trail_open(struct trail *);
void trail_close(struct trail *);

/* Whether auditing is switched on in the kernel (when it is not, records vanish without an error),
 * and the pid of auditd, 0 without one. */
int trail_state_get(struct trail *, bool *enabled, pid_t *auditd);

/* The calling process's TTY-audit flag. It is inherited over fork(2). */
int trail_flag_get(struct trail *, struct trail_flag *);
int trail_flag_set(struct trail *, const struct trail_flag *);

/*
 * One AUDIT_USER_TTY record: n bytes (1..4096), as they are. The kernel
 * answers EPERM unless the caller's own TTY-audit flag is on
 * (audit_receive_msg, tty_audit_push). Returns 0 or -errno.
 */
int trail_input(struct trail *, const void *data, size_t n);

/*
 * One record of a text type (AUDIT_TRUSTED_APP, AUDIT_USER_CMD): the text,
 * then exe, hostname, addr, terminal and res as libaudit writes them. Values
 * that a user can influence must have gone through a trail_text. -E2BIG when
 * it does not fit MAX_AUDIT_MESSAGE_LENGTH.
 */
int trail_record(struct trail *, unsigned type, const char *text, bool success);

/* A record's text under construction. Once something did not fit, 'cut' stays set. */
struct trail_text {
	char buf[8192];
	size_t len;
	bool cut;
};

/* Appends " name=" (no space at the start of the text) and the value as it is: for our own words
 * and numbers. */
__attribute__((format(printf, 3, 4))) void trail_add(
    struct trail_text *, const char *name, const char *format, ...);

/* Appends what was built in another text, or nothing for "". */
void trail_join(struct trail_text *, const char *text);

/*
 * Appends the value as the kernel writes an untrusted string
 * (audit_log_untrustedstring): quoted when it holds only printable ASCII
 * without spaces and quotes, else in hex. At most max bytes of it; more sets cut.
 */
void trail_add_untrusted(struct trail_text *, const char *name, const char *value, size_t max);

#endif
