/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttyacct, as an ordinary user or root. Finds and reads ledger files; distrusts their names and
 * contents. */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "ledger.h"

enum {
	BUFFER = 1 << 20
};

static const struct packer {
	const char *suffix, *program;
} packers[] = {{".gz", "gzip"}, {".xz", "xz"}, {".zst", "zstd"}};

/* traffic.jsonl itself, or with .N or -DATE after it, packed or not. */
static bool
name_fits(const char *name, const char *base, const char **unpack)
{
	size_t n = strlen(base), len = strlen(name);

	*unpack = NULL;
	if (strncmp(name, base, n) != 0)
		return false;
	for (size_t i = 0; i < sizeof packers / sizeof *packers; i++) {
		size_t s = strlen(packers[i].suffix);

		if (len > n + s && strcmp(name + len - s, packers[i].suffix) == 0) {
			*unpack = packers[i].program;
			len -= s;
		}
	}
	if (len == n)
		return *unpack == NULL;
	return (name[n] == '.' || name[n] == '-') &&
	       strspn(name + n + 1, "0123456789-") == len - n - 1 && len > n + 1;
}

static int
file_add(struct source_list *l, const char *folder, const char *name, const char *base,
    const char *unpack)
{
	struct source_file f = {.active = strcmp(name, base) == 0, .unpack = unpack};
	struct source_file *more;
	struct stat st;

	if (asprintf(&f.path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	if (stat(f.path, &st) < 0 || !S_ISREG(st.st_mode)) {
		free(f.path);
		return 0;
	}
	f.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	more = reallocarray(l->files, l->n + 1, sizeof *more);
	if (!more) {
		free(f.path);
		return -ENOMEM;
	}
	l->files = more;
	l->files[l->n++] = f;
	return 0;
}

static int
file_compare(const void *a, const void *b)
{
	const struct source_file *x = a, *y = b;

	if (x->active != y->active)
		return x->active ? 1 : -1;
	return x->mtime_ns < y->mtime_ns   ? -1
	       : x->mtime_ns > y->mtime_ns ? 1
					   : strcmp(y->path, x->path);
}

int
source_list_make(struct source_list *l, const char *ledger)
{
	const char *slash = strrchr(ledger, '/');
	char *folder =
	    slash ? strndup(ledger, slash == ledger ? 1 : (size_t)(slash - ledger)) : strdup(".");
	const char *base = slash ? slash + 1 : ledger;
	struct dirent *e;
	DIR *d;
	int ret = 0;

	*l = (struct source_list){0};
	d = folder ? opendir(folder) : NULL;
	if (!d) {
		ret = folder ? -errno : -ENOMEM;
		free(folder);
		return ret;
	}
	while (ret == 0 && (e = readdir(d))) {
		const char *unpack;

		if (name_fits(e->d_name, base, &unpack))
			ret = file_add(l, folder, e->d_name, base, unpack);
	}
	closedir(d);
	free(folder);
	if (l->n > 0)
		qsort(l->files, l->n, sizeof *l->files, file_compare);
	return ret;
}

void
source_list_free(struct source_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->files[i].path);
	free(l->files);
	*l = (struct source_list){0};
}

/* The file's text: the file, or a pipe from the program that unpacks it (*pid > 0, to be ended). */
static int
text_open(const struct source_file *f, pid_t *pid)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), p[2], err;

	*pid = 0;
	if (fd < 0)
		return -errno;
	if (!f->unpack)
		return fd;
	if (pipe2(p, O_CLOEXEC) < 0) {
		err = -errno;
		io_close(&fd);
		return err;
	}
	*pid = fork();
	if (*pid == 0) {
		if (dup2(fd, 0) < 0 || dup2(p[1], 1) < 0)
			_exit(127);
		execlp(f->unpack, f->unpack, "-dc", (char *)NULL);
		_exit(127);
	}
	err = *pid < 0 ? -errno : 0;
	io_close(&fd);
	io_close(&p[1]);
	if (err < 0)
		io_close(&p[0]);
	return err < 0 ? err : p[0];
}

/* Returns -EIO when the program that unpacks did not reach the file's end in good order, and was
 * not stopped by us. */
static int
text_close(int *fd, pid_t pid, bool at_end)
{
	int status;

	io_close(fd);
	if (pid <= 0)
		return 0;
	if (!at_end)
		kill(pid, SIGTERM);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return at_end && status != 0 ? -EIO : 0;
}

int
source_print(const struct source_file *f, uint64_t *print)
{
	char buf[LEDGER_LINE_MAX];
	const char *end;
	size_t have = 0;
	ssize_t got = 0;
	pid_t pid;
	int fd = text_open(f, &pid);

	if (fd < 0)
		return fd;
	while (have < sizeof buf && (got = io_read(fd, buf + have, sizeof buf - have)) > 0)
		have += (size_t)got;
	text_close(&fd, pid, false);
	if (got < 0)
		return (int)got;
	end = memchr(buf, '\n', have);
	if (!end && have < sizeof buf)
		return -ENODATA;
	*print = 0xcbf29ce484222325u;
	for (const char *p = buf; p < (end ? end : buf + have); p++)
		*print = (*print ^ (uint8_t)*p) * 0x100000001b3u;
	return 0;
}

struct reader {
	char *buf;
	size_t have;
	bool skipping; /* the rest of a line that was too long */
	uint64_t line;
	int64_t end; /* offset of what has been handed out */
	source_line_fn *fn;
	void *data;
};

static int
hand_out(struct reader *r, const char *text, size_t n, size_t whole)
{
	bool skipped = r->skipping;

	r->skipping = false;
	r->end += (int64_t)whole;
	if (skipped)
		return 0;
	r->line++;
	return r->fn(r->data, text, n < LEDGER_LINE_MAX ? n : LEDGER_LINE_MAX, r->line, r->end);
}

/* Hands out the whole lines of the buffer and keeps the rest. */
static int
lines_hand_out(struct reader *r)
{
	char *p = r->buf, *end = r->buf + r->have, *newline;
	int ret = 0;

	while (ret == 0 && (newline = memchr(p, '\n', (size_t)(end - p)))) {
		ret = hand_out(r, p, (size_t)(newline - p), (size_t)(newline - p) + 1);
		p = newline + 1;
	}
	r->have = (size_t)(end - p);
	memmove(r->buf, p, r->have);
	if (ret == 0 && r->have == BUFFER) {
		ret = hand_out(r, r->buf, r->have, r->have);
		r->skipping = true;
		r->have = 0;
	}
	return ret;
}

/* Passes over what was read before. A pipe cannot seek. */
static int
skip_to(int fd, bool pipe, int64_t offset, char *buf)
{
	if (!pipe)
		return lseek(fd, offset, SEEK_SET) < 0 ? -errno : 0;
	while (offset > 0) {
		ssize_t got = io_read(fd, buf, offset < BUFFER ? (size_t)offset : BUFFER);

		if (got <= 0)
			return got < 0 ? (int)got : 0;
		offset -= got;
	}
	return 0;
}

static int
text_read(int fd, const struct source_file *f, struct reader *r)
{
	int ret = 0;
	ssize_t got;

	while (ret == 0 && (got = io_read(fd, r->buf + r->have, BUFFER - r->have)) > 0) {
		r->have += (size_t)got;
		ret = lines_hand_out(r);
	}
	if (ret == 0 && got < 0)
		ret = (int)got;
	if (ret == 0 && !f->active && r->have > 0)
		ret = hand_out(r, r->buf, r->have, r->have);
	return ret;
}

int
source_read(
    const struct source_file *f, int64_t offset, uint64_t line, source_line_fn *fn, void *data)
{
	struct reader r = {.buf = malloc(BUFFER), .fn = fn, .data = data};
	struct stat st;
	pid_t pid = 0;
	int fd, ret, closed;

	if (!r.buf)
		return -ENOMEM;
	fd = text_open(f, &pid);
	if (fd < 0) {
		free(r.buf);
		return fd;
	}
	if (!f->unpack && fstat(fd, &st) == 0 && st.st_size < offset)
		offset = 0, line = 0;
	r.line = line;
	r.end = offset;
	ret = skip_to(fd, f->unpack != NULL, offset, r.buf);
	if (ret == 0)
		ret = text_read(fd, f, &r);
	closed = text_close(&fd, pid, ret == 0);
	free(r.buf);
	return ret != 0 ? ret : closed;
}
