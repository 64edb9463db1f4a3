/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing the ledger: sshd (the PAM module, as root), the monitor (as _ttywrap), ttyacct. Many
 * write at once, without a lock: O_APPEND and one write(2) a line. User and host names are
 * untrusted.
 */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"
#include "common/utf8.h"

void
ledger_record_begin(struct ledger_record *r, enum ledger_event event, const char *by)
{
	struct timespec now;

	memset(r, 0, sizeof *r);
	clock_gettime(CLOCK_REALTIME, &now);
	r->event = event;
	r->time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	r->uid = LEDGER_UID_NONE;
	r->ses = LEDGER_SES_NONE;
	if (gethostname(r->host, sizeof r->host) < 0)
		r->host[0] = 0;
	r->host[sizeof r->host - 1] = 0;
	snprintf(r->by, sizeof r->by, "%s", by);
}

struct out {
	char *buf;
	size_t n, len; /* len > n: it did not fit */
};

static void __attribute__((format(printf, 2, 3))) put(struct out *o, const char *format, ...)
{
	va_list args;
	int got;

	va_start(args, format);
	got = vsnprintf(o->len < o->n ? o->buf + o->len : NULL, o->len < o->n ? o->n - o->len : 0,
	    format, args);
	va_end(args);
	o->len += got > 0 ? (size_t)got : 0;
}

static void
put_string(struct out *o, const char *key, const char *value)
{
	const uint8_t *s = (const uint8_t *)value;
	size_t left = strlen(value);

	put(o, ",\"%s\":\"", key);
	while (left > 0) {
		int n = utf8_at(s, left);
		size_t step = n > 0   ? (size_t)n
			      : n < 0 ? (size_t)-n
				      : left; /* 0: cut off at the end */

		if (n <= 0)
			put(o, UTF8_REPLACEMENT);
		else if (*s == '"' || *s == '\\')
			put(o, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			put(o, "\\u%04x", *s);
		else
			put(o, "%.*s", n, (const char *)s);
		s += step;
		left -= step;
	}
	put(o, "\"");
}

static void
put_time(struct out *o, int64_t time_ns)
{
	time_t s = time_ns / 1000000000;
	struct tm tm;
	char day[32];

	gmtime_r(&s, &tm);
	strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
	put(o, ",\"time\":\"%s.%06dZ\"", day, (int)(time_ns % 1000000000 / 1000));
}

static void
put_connection(struct out *o, const struct connection *c)
{
	char text[CONNECTION_ADDR_MAX];

	connection_addr_text(c->family, c->peer, text);
	put(o, ",\"peer\":\"%s\",\"peer_port\":%u", text, c->peer_port);
	connection_addr_text(c->family, c->local, text);
	put(o, ",\"local\":\"%s\",\"local_port\":%u", text, c->local_port);
	if (c->zone)
		put(o, ",\"zone\":%u", c->zone);
	if (c->scope)
		put(o, ",\"scope\":%u", c->scope);
}

static void
put_traffic(struct out *o, const struct traffic *t)
{
	put(o, ",\"source\":\"%s\"", traffic_source_name(t->source));
	if (t->source == TRAFFIC_NONE)
		return;
	if (t->source == TRAFFIC_CONNTRACK)
		put(o, ",\"flow\":%u", t->flow);
	put(o, ",\"in_bytes\":%llu,\"in_packets\":%llu,\"out_bytes\":%llu,\"out_packets\":%llu",
	    (unsigned long long)t->in_bytes, (unsigned long long)t->in_packets,
	    (unsigned long long)t->out_bytes, (unsigned long long)t->out_packets);
}

int
ledger_print(const struct ledger_record *r, char *buf, size_t n)
{
	static const char *const events[] = {[LEDGER_OPEN] = "open",
	    [LEDGER_INTERIM] = "interim",
	    [LEDGER_CLOSE] = "close",
	    [LEDGER_FINAL] = "final"};
	struct out o = {buf, n, 0};

	put(&o, "{\"v\":1,\"event\":\"%s\"", events[r->event]);
	put_time(&o, r->time_ns);
	put_string(&o, "host", r->host);
	put_string(&o, "conn", r->id);
	if (r->user[0])
		put_string(&o, "user", r->user);
	if (r->uid != LEDGER_UID_NONE)
		put(&o, ",\"uid\":%u", r->uid);
	if (r->ses != LEDGER_SES_NONE)
		put(&o, ",\"ses\":%u", r->ses);
	if (r->session[0])
		put_string(&o, "session", r->session);
	put_connection(&o, &r->connection);
	put_traffic(&o, &r->traffic);
	put_string(&o, "by", r->by);
	put(&o, "}\n");
	return o.len < n ? (int)o.len : -ENOSPC;
}

/* Opens the file as its folder's owner. Returns the descriptor or -errno. */
static int
ledger_open(const char *path)
{
	char folder[4096];
	const char *name = strrchr(path, '/');
	struct stat dir, st;
	int dir_fd, fd, err, before;

	if (!name || name == path || (size_t)(name - path) >= sizeof folder)
		return -EINVAL;
	memcpy(folder, path, (size_t)(name - path));
	folder[name - path] = 0;
	dir_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return -errno;
	if (fstat(dir_fd, &dir) < 0) {
		err = -errno;
		io_close(&dir_fd);
		return err;
	}
	before = setfsuid(dir.st_uid);
	/* O_NONBLOCK: a FIFO in its place must not hold sshd up. Reading is for the last byte,
	 * below. */
	fd = openat(dir_fd, name + 1,
	    O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
	err = -errno;
	setfsuid((uid_t)before);
	io_close(&dir_fd);
	if (fd < 0)
		return err;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 ||
	    st.st_uid != dir.st_uid) {
		io_close(&fd);
		return -EPERM;
	}
	return fd;
}

/*
 * A full disk can leave half a line. The next writer ends it, so that only that one is lost. Two
 * that see it at once leave an empty line, which readers pass over.
 */
static bool
is_torn(int fd)
{
	struct stat st;
	char last;

	return fstat(fd, &st) == 0 && st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 &&
	       last != '\n';
}

int
ledger_append(const char *path, const struct ledger_record *r)
{
	char line[LEDGER_LINE_MAX + 1];
	int len = ledger_print(r, line + 1, LEDGER_LINE_MAX);
	int fd, skip;
	ssize_t put_n;

	if (len < 0)
		return len;
	fd = ledger_open(path);
	if (fd < 0)
		return fd;
	line[0] = '\n';
	skip = is_torn(fd) ? 0 : 1;
	put_n = io_write(fd, line + skip, (size_t)(len + 1 - skip));
	io_close(&fd);
	if (put_n < 0)
		return (int)put_n;
	return put_n == len + 1 - skip ? 0 : -ENOSPC;
}
