/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher and monitor: the names in the recordings' directory. Distrusts what stands there
 * already. */
#include "monitor/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"

static int
directory_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
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

int
store_create(const char *directory, const char *name)
{
	int dir_fd, fd, saved;

	dir_fd = directory_open(directory);
	if (dir_fd < 0)
		return dir_fd;
	fd = openat(
	    dir_fd, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	saved = errno;
	io_close(&dir_fd);
	if (fd < 0)
		return -saved;
	/* The mode in spite of the user's umask. Nobody else can hold the lock of a file made just
	 * now. */
	(void)fchmod(fd, 0640);
	(void)flock(fd, LOCK_EX | LOCK_NB);
	return fd;
}

void
store_remove(const char *directory, const char *name)
{
	int dir_fd = directory_open(directory);

	if (dir_fd >= 0)
		(void)unlinkat(dir_fd, name, 0);
	io_close(&dir_fd);
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
