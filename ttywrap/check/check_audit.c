/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttywrap-check: does the kernel take audit records, and does anybody write them down? */
#include "check/check.h"

#include "check/finding.h"

#include <errno.h>
#include <libaudit.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Below this a burst of records makes every sender wait; auditd's own rules set 8192. */
#define BACKLOG_MIN 1024

/* The next answer. 0, or -errno: the kernel's own, or -ETIMEDOUT. */
static int
reply_next(int fd, struct audit_reply *reply)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int r = -EAGAIN;

	for (int tries = 0; tries < 10 && r <= 0; tries++) {
		if (poll(&p, 1, 1000) <= 0)
			return -ETIMEDOUT;
		r = audit_get_reply(fd, reply, GET_REPLY_NONBLOCKING, 0);
	}
	if (r <= 0)
		return -EPROTO;
	return reply->type == NLMSG_ERROR ? reply->error->error : 0;
}

/* Asks for the status. 0, or -errno: -EPERM is the kernel's answer to anybody but root. */
static int
status_get(int fd, struct audit_status *status)
{
	struct audit_reply reply;
	int r = audit_request_status(fd);

	if (r < 0)
		return r;
	/* An acknowledgement (an error of 0) may come before the answer. */
	for (int tries = 0; tries < 3; tries++) {
		r = reply_next(fd, &reply);
		if (r != 0)
			return r;
		if (reply.type == AUDIT_GET) {
			*status = *reply.status;
			return 0;
		}
	}
	return -EPROTO;
}

static const unsigned ours[] = {AUDIT_USER_TTY, AUDIT_USER_CMD, AUDIT_TRUSTED_APP};

static bool
operator_holds(unsigned left, unsigned operator, unsigned right)
{
	switch (operator) {
	case AUDIT_EQUAL:
		return left == right;
	case AUDIT_NOT_EQUAL:
		return left != right;
	case AUDIT_LESS_THAN:
		return left < right;
	case AUDIT_LESS_THAN_OR_EQUAL:
		return left <= right;
	case AUDIT_GREATER_THAN:
		return left > right;
	case AUDIT_GREATER_THAN_OR_EQUAL:
		return left >= right;
	default:
		return false;
	}
}

static void
report(struct findings *f, const struct audit_status *s)
{
	/* audit_receive_msg: with auditing off the kernel takes our records, says so, and forgets
	 * them. */
	if (s->enabled == 0)
		finding_wrong(f, "auditctl -e 1, and audit=1 on the kernel's command line",
		    "kernel audit: off; input records would vanish");
	else
		finding_ok(f, "kernel audit: on");
	if (s->pid == 0)
		finding_note(f, "apt-get install auditd && systemctl enable --now auditd",
		    "auditd: does not run; the records go to the kernel's log");
	else
		finding_ok(f, "auditd: runs (pid %u)", s->pid);
	if (s->backlog_limit < BACKLOG_MIN && s->backlog_limit != 0)
		finding_note(f, "auditctl -b 8192, and '-b 8192' in /etc/audit/rules.d/",
		    "kernel audit: room for %u records only; in a burst sessions wait",
		    s->backlog_limit);
	if (s->rate_limit != 0)
		finding_wrong(f, "auditctl -r 0",
		    "kernel audit: drops what comes above %u records a second", s->rate_limit);
	if (s->lost != 0)
		finding_note(f, "auditctl -s",
		    "kernel audit: has lost %u records since the machine started", s->lost);
}

/* A rule of the exclude list that leaves out records of ours (auditctl -a never,exclude -F
 * msgtype=...). */
static bool
rule_excludes(const struct audit_rule_data *rule)
{
	if (rule->flags != AUDIT_FILTER_EXCLUDE || rule->field_count != 1 ||
	    rule->fields[0] != AUDIT_MSGTYPE)
		return false;
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (operator_holds(ours[i], rule->fieldflags[0] & AUDIT_OPERATORS, rule->values[0]))
			return true;
	return false;
}

static void
check_rules(struct findings *f, int fd)
{
	struct audit_reply reply;
	bool excluded = false;

	if (audit_request_rules_list_data(fd) < 0)
		return;
	while (reply_next(fd, &reply) == 0 && reply.type != NLMSG_DONE)
		if (reply.type == AUDIT_LIST_RULES)
			excluded |= rule_excludes(reply.ruledata);
	if (excluded)
		finding_wrong(f, "auditctl -l, and take the rule out of /etc/audit/rules.d/",
		    "kernel audit: an exclude rule drops records of ttywrap's");
}

void
check_audit(struct findings *f)
{
	struct audit_status status;
	int fd = audit_open();
	int r = fd >= 0 ? status_get(fd, &status) : -errno;

	if (r == 0) {
		report(f, &status);
		check_rules(f, fd);
	} else if (r == -EPERM)
		finding_note(f, "sudo ttywrap --check", "kernel audit: only root may ask about it");
	else if (r == -EPROTONOSUPPORT || r == -EAFNOSUPPORT || r == -ECONNREFUSED)
		finding_wrong(f,
		    "boot a kernel with CONFIG_AUDIT, without audit=0; in a container: share the "
		    "machine's",
		    "kernel audit: does not answer here (%s)", strerror(-r));
	else
		finding_wrong(f, "auditctl -s", "kernel audit: %s", strerror(-r));
	if (fd >= 0)
		audit_close(fd);
}
