/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Launcher and monitor, inside its filter as well. The shared number is written by other monitors,
 * which are believed: whoever can write there can also write to the recordings.
 */
#include "monitor/total.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "monitor/store.h"

#define START_NS INT64_C(60000000000) /* a look of another session's is good for so long … */
#define OVER_NS  INT64_C(5000000000)  /* … and for so long when it says that the cap is reached */

/* The page is written once before it is mapped: a full file system must not show itself as SIGBUS. */
static int
shared_open(const char *path)
{
	const struct total_shared zero = {0};
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		goto fail;
	if ((size_t)st.st_size >= sizeof zero)
		return fd;
	(void)fchmod(fd, 0600); /* in spite of the user's umask */
	if (pwrite(fd, &zero, sizeof zero, 0) == sizeof zero)
		return fd;
fail:
	io_close(&fd);
	return -EPERM;
}

static struct total_shared *
shared_map(const char *path)
{
	int fd = path != NULL ? shared_open(path) : -1;
	void *p = MAP_FAILED;

	if (fd >= 0)
		p = mmap(
		    NULL, sizeof(struct total_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	io_close(&fd);
	return p != MAP_FAILED ? p : NULL;
}

/*
 * One monitor looks at a time: whoever moves the time of the last look on. What others add meanwhile
 * is kept, and may be counted twice until the next look.
 */
static void
look(struct total *t, int64_t now_ns, int64_t good_ns)
{
	int64_t looked_ns = atomic_load(&t->shared->looked_ns);
	uint64_t before, bytes;

	/* A time to come is one of before the last boot. */
	if (looked_ns != 0 && looked_ns <= now_ns && now_ns - looked_ns < good_ns)
		return;
	if (!atomic_compare_exchange_strong(&t->shared->looked_ns, &looked_ns, now_ns))
		return;
	before = atomic_load(&t->shared->bytes);
	if (store_size(t->directory, &bytes) == 0)
		atomic_fetch_add(&t->shared->bytes, bytes - before); /* modulo 2^64 */
}

void
total_open(
    struct total *t, const char *shared_path, const char *directory, uint64_t max, int64_t now_ns)
{
	*t = (struct total){.max = max, .directory = directory};
	if (max == 0)
		return;
	t->shared = shared_map(shared_path);
	if (t->shared == NULL)
		t->shared = &t->own;
	look(t, now_ns, START_NS);
}

void
total_close(struct total *t)
{
	if (t->shared != NULL && t->shared != &t->own)
		munmap(t->shared, sizeof *t->shared);
	t->shared = NULL;
	t->max = 0;
}

void
total_add(struct total *t, int recording_fd)
{
	struct stat st;
	uint64_t has;

	if (t->max == 0 || fstat(recording_fd, &st) != 0)
		return;
	has = (uint64_t)st.st_blocks * 512;
	atomic_fetch_add(&t->shared->bytes, has - t->added);
	t->added = has;
}

bool
total_is_over(struct total *t, int64_t now_ns)
{
	if (t->max == 0 || atomic_load(&t->shared->bytes) < t->max)
		return false;
	look(t, now_ns, OVER_NS);
	return atomic_load(&t->shared->bytes) >= t->max;
}
