/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The launcher, for one call, with CAP_SYS_PTRACE effective. Finds the connection of
 * the sshd above the calling process without opening another process's /proc/PID/fd
 * (its directory's mode keeps this capability out; pidfd_getfd does not).
 *
 * Who is believed: the user may run the program by hand, below processes of their own
 * that hold any TCP socket they like. So an ancestor counts only when
 *   - its real, effective, saved and file-system uid are all 0: a set-user-ID program
 *     that the user started keeps the user's real uid, or closes what it inherited (sudo);
 *   - its executable is named as sshd's are, belongs to root and nobody else can write it;
 *   - the socket's own owner is root (the uid that accepted it: no user can give that);
 * and its start time is the same after the look as before it, so that a process number
 * used again in between is noticed. The user's half of sshd is passed over: the monitor
 * above it holds the same socket. pid 1 is never asked.
 */
#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/io.h"

enum {
	ANCESTORS_MAX = 64,
	PEER_FDS_MAX = 64,    /* sshd's connection is among the first handful */
	PROC_FILE_MAX = 4096, /* status is about 1.5 kB, stat 0.3 kB */
};

int
connection_parse_stat(const char *text, size_t len, pid_t *parent, uint64_t *start)
{
	char copy[1024];
	char *p;
	long ppid;
	unsigned long long ticks;

	if (len >= sizeof copy)
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = 0;
	p = strrchr(copy, ')');
	/* after the name: state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt
	 * utime stime cutime cstime priority nice threads itrealvalue starttime (proc(5), fields 3
	 * to 22) */
	if (!p || sscanf(p,
		      ") %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
		      "%*d %llu",
		      &ppid, &ticks) != 2)
		return -EINVAL;
	if (ppid < 0 || ppid > INT32_MAX)
		return -EINVAL;
	*parent = (pid_t)ppid;
	*start = ticks;
	return 0;
}

bool
connection_status_is_root(const char *text, size_t len)
{
	static const char roots[] = "\nUid:\t0\t0\t0\t0\n";

	/* The name in the first line has its newlines escaped by the kernel, so no name can forge
	 * this line. */
	return memmem(text, len, roots, sizeof roots - 1) != NULL;
}

static ssize_t
proc_read(int dir_fd, const char *name, char buf[PROC_FILE_MAX])
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = io_read_all(fd, buf, PROC_FILE_MAX);
	io_close(&fd);
	return n;
}

static int
proc_stat(int dir_fd, pid_t *parent, uint64_t *start)
{
	char buf[PROC_FILE_MAX];
	ssize_t n = proc_read(dir_fd, "stat", buf);

	return n < 0 ? (int)n : connection_parse_stat(buf, (size_t)n, parent, start);
}

static bool
name_is_sshd(const char *path)
{
	static const char gone[] =
	    " (deleted)"; /* the package was upgraded under the running session */
	const char *base = strrchr(path, '/');
	size_t n;

	base = base ? base + 1 : path;
	n = strlen(base);
	if (n > sizeof gone - 1 && strcmp(base + n - (sizeof gone - 1), gone) == 0)
		n -= sizeof gone - 1;
	/* sshd-session: OpenSSH 9.8 and later */
	return (n == 4 && memcmp(base, "sshd", 4) == 0) ||
	       (n == 12 && memcmp(base, "sshd-session", 12) == 0);
}

/* Returns 1 for an sshd of root's, 0 for anything else, -EPERM when the look is refused. */
static int
process_is_sshd(int dir_fd)
{
	char buf[PROC_FILE_MAX], path[PROC_FILE_MAX];
	ssize_t n = proc_read(dir_fd, "status", buf);
	struct stat st;

	if (n < 0 || !connection_status_is_root(buf, (size_t)n))
		return 0;
	n = readlinkat(dir_fd, "exe", path, sizeof path - 1);
	if (n < 0)
		return errno == EACCES || errno == EPERM ? -EPERM : 0;
	path[n] = 0;
	if (!name_is_sshd(path) || fstatat(dir_fd, "exe", &st, 0) < 0)
		return 0;
	return S_ISREG(st.st_mode) && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static bool
socket_is_roots(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == 0;
}

/* The sshd's connection: the lowest that agrees with the hint, or else the lowest. Each copy is
 * closed at once. */
static int
descriptors_look(
    pid_t pid, int proc_fd, const struct connection *hint, struct connection *out, bool *agrees)
{
	struct connection c;
	bool found = false;
	int err = -ENOTCONN, pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	(void)proc_fd;
	if (pidfd < 0)
		return -errno;
	for (int i = 0; i < PEER_FDS_MAX; i++) {
		int fd = (int)syscall(SYS_pidfd_getfd, pidfd, i, 0);
		bool good;

		if (fd < 0) {
			if (errno == EPERM || errno == ENOSYS) {
				err = -errno;
				break;
			}
			continue;
		}
		good = socket_is_roots(fd) && connection_of_fd(fd, &c) == 0;
		io_close(&fd);
		if (!good)
			continue;
		*agrees = !hint || connection_same(hint, &c);
		if (!found || *agrees)
			*out = c;
		found = true;
		if (*agrees)
			break;
	}
	io_close(&pidfd);
	return found ? 0 : err;
}

/*
 * Asks one process. Returns 1 with *out filled, 0 to go on with *parent, or -errno.
 */
static int
ancestor_ask(pid_t pid, connection_look_fn *look, const struct connection *hint,
    struct connection *out, bool *agrees, pid_t *parent)
{
	char path[32];
	uint64_t start, again;
	pid_t ignored;
	int dir_fd, ret;

	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	dir_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return errno == ENOENT ? -ENOTCONN : -errno;
	ret = proc_stat(dir_fd, parent, &start);
	if (ret < 0)
		goto out;
	ret = process_is_sshd(dir_fd);
	if (ret <= 0)
		goto out;
	ret = look(pid, dir_fd, hint, out, agrees);
	if (ret == 0)
		ret = proc_stat(dir_fd, &ignored, &again) == 0 && again == start ? 1 : -ENOTCONN;
	else if (ret == -ENOTCONN)
		ret = 0; /* the listener, or an sshd that has closed already */
out:
	io_close(&dir_fd);
	return ret;
}

int
connection_of_ancestor_by(
    connection_look_fn *look, const struct connection *hint, struct connection *out, bool *agrees)
{
	pid_t pid = getppid();

	*agrees = true;
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		pid_t parent = 0;
		int ret = ancestor_ask(pid, look, hint, out, agrees, &parent);

		if (ret != 0)
			return ret < 0 ? ret : 0;
		pid = parent;
	}
	return -ENOTCONN;
}

int
connection_of_ancestor(const struct connection *hint, struct connection *out, bool *agrees)
{
	return connection_of_ancestor_by(descriptors_look, hint, out, agrees);
}
