/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher and monitor: the names in the recordings' directory. Distrusts what stands there
 * already. */
#include "monitor/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"

int
store_open(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & S_IWOTH)) {
		io_close(&fd);
		return -EPERM;
	}
	return fd;
}

void
store_name(uid_t user, uint32_t ses, int64_t wall_s, char *name, size_t n)
{
	time_t when = (time_t)wall_s;
	struct tm utc;
	char stamp[32];

	gmtime_r(&when, &utc);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
	snprintf(name, n, "%u-%u-%s-%d", (unsigned)user, (unsigned)ses, stamp, (int)getpid());
}

/*
 * Says that the recording is live: an open file description lock (fcntl(2)), which the pump's copy of
 * the descriptor holds on to as well. Unlike flock(2) it can be asked for without being taken, and
 * only who may write to the file can take it.
 */
static int
lock_take(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &whole) == 0 ? 0 : -errno;
}

int
store_create(const char *directory, const char *name)
{
	int dir_fd, fd, r;

	dir_fd = store_open(AT_FDCWD, directory);
	if (dir_fd < 0)
		return dir_fd;
	fd = openat(
	    dir_fd, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : lock_take(fd);
	/* Nobody may open it before it is locked; then the mode, in spite of the user's umask. */
	if (r == 0 && fchmod(fd, 0640) != 0)
		r = -errno;
	if (r < 0 && fd >= 0) {
		(void)unlinkat(dir_fd, name, 0);
		io_close(&fd);
	}
	io_close(&dir_fd);
	return r < 0 ? r : fd;
}

void
store_remove(const char *directory, const char *name)
{
	int dir_fd = store_open(AT_FDCWD, directory);

	if (dir_fd >= 0)
		(void)unlinkat(dir_fd, name, 0);
	io_close(&dir_fd);
}

static bool
is_recording(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && (strcmp(dot, ".cast") == 0 || strcmp(dot, ".zst") == 0);
}

int
store_size(const char *directory, uint64_t *bytes)
{
	int dir_fd = store_open(AT_FDCWD, directory);
	DIR *d = dir_fd >= 0 ? fdopendir(dir_fd) : NULL;
	const struct dirent *e;
	struct stat st;

	*bytes = 0;
	if (d == NULL) {
		io_close(&dir_fd);
		return dir_fd < 0 ? dir_fd : -ENOMEM;
	}
	while ((e = readdir(d)) != NULL)
		if (is_recording(e->d_name) &&
		    fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			*bytes += (uint64_t)st.st_blocks * 512;
	closedir(d);
	return 0;
}

int
store_make_directory(const char *path)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof part)
		return -ENAMETOOLONG;
	memcpy(part, path, n + 1);
	for (char *p = part + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(part, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}
