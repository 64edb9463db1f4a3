/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor, with CAP_AUDIT_WRITE. Payloads are hostile: passed on whole, or encoded. */
#include "monitor/trail.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/io.h"
#include "config.h"
#include "monitor/trail_netlink.h"

/* linux/audit.h: MAX_AUDIT_MESSAGE_LENGTH of auditd's side; the longest text that reaches it. */
#define TRAIL_TEXT_MAX 8560

int
trail_open(struct trail *t)
{
	t->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	t->sequence = 0;
	return t->fd < 0 ? -errno : 0;
}

void
trail_close(struct trail *t)
{
	io_close(&t->fd);
}

int
trail_state_get(struct trail *t, bool *enabled, pid_t *auditd)
{
	struct audit_status status = {0};
	int r = trail_netlink(t, AUDIT_GET, NULL, 0, &status, sizeof status);

	*enabled = status.enabled != 0;
	*auditd = (pid_t)status.pid;
	return r;
}

int
trail_flag_get(struct trail *t, struct trail_flag *flag)
{
	return trail_netlink(t, AUDIT_TTY_GET, NULL, 0, flag, sizeof *flag);
}

int
trail_flag_set(struct trail *t, const struct trail_flag *flag)
{
	return trail_netlink(t, AUDIT_TTY_SET, flag, sizeof *flag, NULL, 0);
}

static int
count(struct trail *t, int r)
{
	if (r == 0)
		t->records++;
	else
		t->refused++;
	return r;
}

int
trail_input(struct trail *t, const void *data, size_t n)
{
	char payload[4096 + 1];

	if (n == 0 || n >= sizeof payload)
		return -EMSGSIZE;
	memcpy(payload, data, n);
	payload[n] = '\0'; /* the kernel takes one NUL off: audit_receive_msg() */
	return count(t, trail_netlink(t, AUDIT_USER_TTY, payload, n + 1, NULL, 0));
}

int
trail_record(struct trail *t, unsigned type, const char *text, bool success)
{
	char line[TRAIL_TEXT_MAX];
	int n = snprintf(line, sizeof line, "%s exe=\"%s\" hostname=%s addr=%s terminal=%s res=%s",
	    text, TTYWRAP_BIN, t->addr, t->addr, t->terminal, success ? "success" : "failed");

	if (n < 0 || (size_t)n >= sizeof line)
		return count(t, -E2BIG);
	return count(t, trail_netlink(t, (uint16_t)type, line, (size_t)n + 1, NULL, 0));
}
