/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor. What /proc says of processes is the user's choice: their names, and how many there are. */
#include "monitor/reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "monitor/session.h"
#include "proto/message.h"

#define PROCESSES_MAX 512 /* of a session; beyond that somebody builds a maze: elevated */

struct process {
	pid_t pid, parent_pid;
	int parent; /* its index; the first is its own */
	unsigned uid, euid;
	char comm[MESSAGE_COMM_MAX];
	bool member;   /* of the group that is looked for */
	bool elevated; /* or an ancestor of it is */
	bool busy;     /* another program below it is of the group: that one reads */
};

/* Parents come before their children. */
struct family {
	struct process all[PROCESSES_MAX];
	int n;
	bool whole;
};

/* proc(5): one "Field:\tvalue" a line; the kernel escapes a line end in the name. */
static bool
process_read(struct process *p)
{
	char path[64], status[2048];
	const char *parent, *uid;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/status", (int)p->pid);
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
	return parent != NULL && uid != NULL && sscanf(status, "Name: %15[^\n]", p->comm) == 1 &&
	       sscanf(parent, "\nPPid: %d", &p->parent_pid) == 1 &&
	       sscanf(uid, "\nUid: %u %u", &p->uid, &p->euid) == 2;
}

/* Returns whether it wants to hear of more. */
typedef bool each_child(void *arg, pid_t pid);

static bool
thread_children(const char *task, const char *thread, each_child *each, void *arg)
{
	char path[64];
	bool more = true;
	FILE *file;
	int pid;

	snprintf(path, sizeof path, "%s/%.15s/children", task, thread);
	file = fopen(path, "re");
	while (more && file != NULL && fscanf(file, "%d", &pid) == 1)
		more = each(arg, pid);
	if (file != NULL)
		(void)fclose(file);
	return more;
}

/* Each thread has its own: proc(5), /proc/pid/task/tid/children. Two of the folder's links are no threads. */
static bool
children(pid_t pid, each_child *each, void *arg)
{
	char task[32], thread[16];
	struct stat st;
	const struct dirent *entry;
	bool more = true;
	DIR *dir;

	snprintf(task, sizeof task, "/proc/%d/task", (int)pid);
	snprintf(thread, sizeof thread, "%d", (int)pid);
	if (stat(task, &st) != 0 || st.st_nlink <= 3)
		return thread_children(task, thread, each, arg);
	dir = opendir(task);
	while (more && dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			more = thread_children(task, entry->d_name, each, arg);
	if (dir != NULL)
		(void)closedir(dir);
	return more;
}

struct birth {
	struct family *family;
	int parent;
};

static bool
family_add(void *arg, pid_t pid)
{
	const struct birth *b = arg;
	struct family *f = b->family;

	if (f->n == PROCESSES_MAX)
		return false;
	f->all[f->n++] = (struct process){.pid = pid, .parent = b->parent};
	return true;
}

/* All that descend from this process, and which of them are of the group. */
static void
family_gather(struct family *f, pid_t pid, pid_t pgrp, const struct session *s)
{
	f->n = 0;
	f->whole = family_add(&(struct birth){f, 0}, pid);
	for (int i = 0; i < f->n; i++) {
		struct process *p = &f->all[i];

		if (!process_read(p))
			continue;
		p->member = getpgid(p->pid) == pgrp;
		p->elevated = f->all[p->parent].elevated || p->uid != s->shell.user ||
			      p->euid != s->shell.user;
		f->whole &= children(p->pid, family_add, &(struct birth){f, i});
	}
	/* What is of the same name and the same user was only forked: a part of that program. */
	for (int i = f->n - 1; i > 0; i--) {
		const struct process *p = &f->all[i];
		struct process *up = &f->all[p->parent];
		bool same =
		    strcmp(p->comm, up->comm) == 0 && p->uid == up->uid && p->euid == up->euid;

		up->busy |= p->busy || (p->member && !same);
	}
}

static void
name_add(struct message_reader *who, const char *comm)
{
	for (size_t i = 0; i < MESSAGE_READERS; i++) {
		if (who->names[i][0] == '\0')
			memcpy(who->names[i], comm, sizeof who->names[i]);
		if (strcmp(who->names[i], comm) == 0)
			return;
	}
}

static void
tell(struct message_reader *who, const struct process *p)
{
	who->pid = p->pid;
	who->uid = p->uid;
	who->euid = p->euid;
	memcpy(who->comm, p->comm, sizeof who->comm);
}

static bool
is_of_another(void *arg, pid_t pid)
{
	return getpgid(pid) != *(pid_t *)arg;
}

/*
 * A process whose parent is gone is its ancestor's child that asked for it (PR_SET_CHILD_SUBREAPER),
 * or init's. Nobody can tell by whom it was started: elevated.
 */
static bool
has_orphans(pid_t pgrp)
{
	struct process p = {.pid = getpid()};

	while (process_read(&p) && p.parent_pid > 0) {
		p.pid = p.parent_pid;
		if (!children(p.pid, is_of_another, &pgrp))
			return true;
	}
	return false;
}

void
reader_look(pid_t pgrp, pid_t shell, const struct session *s, struct message_reader *who)
{
	struct process leader = {.pid = pgrp};
	struct family f;
	const struct process *reader = NULL;

	*who = (struct message_reader){
	    .pgrp = pgrp, .elevated = 1, .uid = (uint32_t)-1, .euid = (uint32_t)-1};
	family_gather(&f, shell, pgrp, s);
	for (int i = 0; i < f.n; i++) {
		const struct process *p = &f.all[i];

		if (!p->member)
			continue;
		if (!p->busy)
			name_add(who, p->comm);
		if (reader == NULL || (p->elevated && !reader->elevated) ||
		    (p->pid == pgrp && p->elevated == reader->elevated))
			reader = p;
	}
	if (reader != NULL) {
		tell(who, reader);
		who->elevated = reader->elevated || !f.whole ||
				(s->conf.audit == CONF_AUDIT_ELEVATED && has_orphans(pgrp));
	} else if (process_read(&leader)) {
		tell(who, &leader);
		name_add(who, leader.comm);
	}
}
