/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Written in sshd (the PAM module) and by ttyacct as root, read by the launcher as _ttywrap. The
 * folder is _ttywrap's: root goes in with that file-system uid and follows no link there.
 */
#include "handoff.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"

enum {
	HANDOFF_TEXT_MAX = 256,
	HANDOFF_NAME_MAX = 32
};

uint32_t
handoff_session(void)
{
	char text[16];
	char *end;
	unsigned long n;
	ssize_t len;
	int fd = open("/proc/self/sessionid", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return UINT32_MAX;
	len = io_read_all(fd, text, sizeof text - 1);
	io_close(&fd);
	if (len <= 0)
		return UINT32_MAX;
	text[len] = 0;
	n = strtoul(text, &end, 10);
	return end == text || n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

int
handoff_print(char *buf, size_t n, const char *id, const struct connection *c)
{
	char peer[CONNECTION_ADDR_MAX], local[CONNECTION_ADDR_MAX];
	int len;

	connection_addr_text(c->family, c->peer, peer);
	connection_addr_text(c->family, c->local, local);
	len = snprintf(buf, n, "%s %u %u %llx %s %u %s %u\n", id, c->zone, c->scope,
	    (unsigned long long)c->cookie, peer, c->peer_port, local, c->local_port);
	return len < 0 || (size_t)len >= n ? -ENOSPC : len;
}

static int
number(char **rest, int base, uint64_t max, uint64_t *out)
{
	char *word = strsep(rest, " "), *end;

	if (!word || !isxdigit((unsigned char)*word))
		return -EINVAL;
	errno = 0;
	*out = strtoull(word, &end, base);
	return *end || errno || *out > max ? -EINVAL : 0;
}

int
handoff_parse(const char *text, size_t n, char id[CONNECTION_ID_MAX], struct connection *c)
{
	char copy[HANDOFF_TEXT_MAX], *rest = copy, *word;
	struct connection got;
	uint64_t zone, scope, cookie;

	if (n == 0 || n >= sizeof copy || text[n - 1] != '\n' || memchr(text, 0, n))
		return -EINVAL;
	memcpy(copy, text, n - 1);
	copy[n - 1] = 0;
	word = strsep(&rest, " ");
	if (!word || strlen(word) >= CONNECTION_ID_MAX ||
	    number(&rest, 10, UINT16_MAX, &zone) < 0 || number(&rest, 10, UINT32_MAX, &scope) < 0 ||
	    number(&rest, 16, UINT64_MAX, &cookie) < 0 || !rest ||
	    connection_parse_hint(rest, &got) < 0)
		return -EINVAL;
	got.zone = (uint16_t)zone;
	got.scope = (uint32_t)scope;
	got.cookie = cookie;
	memcpy(id, word, strlen(word) + 1);
	*c = got;
	return 0;
}

static int
dir_open(const char *rundir, uid_t *owner)
{
	struct stat st;
	int fd = open(rundir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		err = -errno;
		io_close(&fd);
		return err;
	}
	*owner = st.st_uid;
	return fd;
}

/* Root alone can do this, in a folder (/run) where root alone can write. */
static int
dir_make(const char *rundir, const char *owner)
{
	struct passwd pw, *found = NULL;
	char buf[4096];

	if (getpwnam_r(owner, &pw, buf, sizeof buf, &found) != 0 || !found)
		return -ENOENT;
	if (mkdir(rundir, 0755) < 0 && errno != EEXIST)
		return -errno;
	return lchown(rundir, pw.pw_uid, pw.pw_gid) < 0 ? -errno : 0;
}

/* In the folder, as its owner: nothing under the name at first, so no link is followed and nothing
 * kept open. */
static int
file_write(int dir_fd, const char *name, const char *text, size_t n)
{
	int fd, ret;

	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0)
		return -errno;
	ret = io_write_all(fd, text, n);
	io_close(&fd);
	if (ret < 0)
		unlinkat(dir_fd, name, 0);
	return ret;
}

int
handoff_write(const char *rundir, uint32_t ses, const struct connection *c, const char *owner)
{
	char text[HANDOFF_TEXT_MAX], id[CONNECTION_ID_MAX], name[HANDOFF_NAME_MAX];
	int dir_fd, len, ret, before;
	uid_t uid;

	if (ses == UINT32_MAX)
		return -ENOENT;
	ret = connection_id(c, id);
	if (ret < 0)
		return ret;
	len = handoff_print(text, sizeof text, id, c);
	if (len < 0)
		return len;
	dir_fd = dir_open(rundir, &uid);
	if (dir_fd == -ENOENT && geteuid() == 0) {
		ret = dir_make(rundir, owner);
		if (ret < 0)
			return ret;
		dir_fd = dir_open(rundir, &uid);
	}
	if (dir_fd < 0)
		return dir_fd;
	snprintf(name, sizeof name, "connection-%u", ses);
	before = setfsuid(uid);
	ret = file_write(dir_fd, name, text, (size_t)len);
	setfsuid((uid_t)before);
	io_close(&dir_fd);
	return ret;
}

int
handoff_read(const char *rundir, uint32_t ses, struct connection *c)
{
	char text[HANDOFF_TEXT_MAX], id[CONNECTION_ID_MAX], now[CONNECTION_ID_MAX],
	    name[HANDOFF_NAME_MAX];
	struct connection got;
	uid_t uid;
	ssize_t n;
	int fd, dir_fd, ret;

	if (ses == UINT32_MAX)
		return -ENOENT;
	dir_fd = dir_open(rundir, &uid);
	if (dir_fd < 0)
		return dir_fd;
	snprintf(name, sizeof name, "connection-%u", ses);
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ret = fd < 0 ? -errno : 0;
	io_close(&dir_fd);
	if (ret < 0)
		return ret;
	n = io_read_all(fd, text, sizeof text);
	io_close(&fd);
	if (n < 0)
		return (int)n;
	ret = handoff_parse(text, (size_t)n, id, &got);
	if (ret < 0)
		return ret;
	ret = connection_id(&got, now);
	if (ret < 0)
		return ret;
	if (strcmp(id, now) != 0)
		return -ENOENT; /* session ids begin anew at every boot */
	*c = got;
	return 0;
}

int
handoff_remove(const char *rundir, uint32_t ses)
{
	char name[HANDOFF_NAME_MAX];
	uid_t uid;
	int dir_fd, ret, before;

	if (ses == UINT32_MAX)
		return -ENOENT;
	dir_fd = dir_open(rundir, &uid);
	if (dir_fd < 0)
		return dir_fd;
	snprintf(name, sizeof name, "connection-%u", ses);
	before = setfsuid(uid);
	ret = unlinkat(dir_fd, name, 0) < 0 ? -errno : 0;
	setfsuid((uid_t)before);
	io_close(&dir_fd);
	return ret;
}
