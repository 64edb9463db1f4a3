/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor. Process names in /proc are the user's choice. */
#include "monitor/reader.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "monitor/session.h"
#include "proto/message.h"

#define ANCESTORS_MAX 64 /* beyond that somebody builds a maze: elevated */

struct process {
	char comm[MESSAGE_COMM_MAX];
	unsigned uid, euid;
	int parent;
};

/* proc(5): one "Field:\tvalue" a line; the kernel escapes a line end in the name. */
static bool
process_read(pid_t pid, struct process *p)
{
	char path[64], status[2048];
	const char *parent, *uid;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	n = io_read(fd, status, sizeof status - 1);
	io_close(&fd);
	if (n <= 0)
		return false;
	status[n] = '\0';
	parent = strstr(status, "\nPPid:");
	uid = strstr(status, "\nUid:");
	if (parent == NULL || uid == NULL || sscanf(status, "Name: %15[^\n]", p->comm) != 1)
		return false;
	return sscanf(parent, "\nPPid: %d", &p->parent) == 1 &&
	       sscanf(uid, "\nUid: %u %u", &p->uid, &p->euid) == 2;
}

void
reader_look(pid_t pgrp, const struct session *s, struct message_reader *who)
{
	struct process p = {.uid = (unsigned)-1, .euid = (unsigned)-1};
	pid_t pid = pgrp;

	*who = (struct message_reader){.pgrp = pgrp, .elevated = 1, .uid = p.uid, .euid = p.euid};
	for (int i = 0; i < ANCESTORS_MAX; i++) {
		if (!process_read(pid, &p))
			return;
		if (i == 0) {
			memcpy(who->comm, p.comm, sizeof who->comm);
			who->uid = p.uid;
			who->euid = p.euid;
		}
		if (p.euid != s->shell.user || p.uid != s->shell.user)
			return;
		/* The monitor's own child is the shell: from there up nothing is elevated. */
		if (p.parent == getpid()) {
			who->elevated = 0;
			return;
		}
		pid = p.parent; /* an orphan's is 1 or 0, which is root's: elevated, since nobody
				   can tell */
	}
}
