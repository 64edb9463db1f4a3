/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Launcher, as _ttywrap, before any session exists; and ttywrap-check. Reads the file that only
 * root can write, and refuses any other. What is in doubt is an error: nobody is to find out
 * after an incident that a misspelt setting was passed over.
 */
#include "launch/conf.h"
#include "launch/conf_value.h"

#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SECTIONS_MAX 512

/* How near a section is to the subject: a nearer one's value replaces a farther one's. */
enum rank {
	RANK_BUILT_IN,
	RANK_DEFAULT,
	RANK_GROUP,
	RANK_USER
};

struct section {
	const char *name; /* within the text */
	size_t len;
};

struct parser {
	const char *at, *end; /* what libinih has not read yet */
	const char *file;
	unsigned lineno;
	const struct conf_subject *subject;
	struct conf *conf;
	enum rank rank[CONF_IDS];
	struct section sections[SECTIONS_MAX];
	size_t sections_n;
	enum rank section_rank; /* of the section that is being read */
	bool section_holds;     /* for this subject */
	uint32_t section_has;   /* 1 << enum conf_id: to find repeated settings */
	struct conf scratch;    /* where values go that only need to be right */
	int error;              /* 0 or -errno: the reading stops */
	struct conf_error *err;
};

_Static_assert(CONF_IDS <= 32, "section_has is too narrow");

static int __attribute__((format(printf, 3, 4)))
error_at(struct parser *p, int error, const char *fmt, ...)
{
	va_list args;
	int n = snprintf(p->err->text, sizeof p->err->text, "%s:%u: ", p->file, p->lineno);

	if (n > 0 && (size_t)n < sizeof p->err->text) {
		va_start(args, fmt);
		vsnprintf(p->err->text + n, sizeof p->err->text - (size_t)n, fmt, args);
		va_end(args);
	}
	p->error = error;
	return error;
}

/* The part of the line behind the keyword and blanks, or NULL when it doesn't begin with it. */
static const char *
after_keyword(const char *keyword, const char *text)
{
	size_t n = strlen(keyword);

	if (strncmp(text, keyword, n) != 0 || (text[n] != ' ' && text[n] != '\t'))
		return NULL;
	return text + n + strspn(text + n, " \t");
}

static int
group_matches(struct parser *p, const char *name, bool *matches)
{
	const struct conf_subject *s = p->subject;
	gid_t gid;
	int r;

	*matches = false;
	if (s->group_gid == NULL || s->gids_n == 0)
		return 0;
	r = s->group_gid(s->arg, name, &gid);
	if (r == -ENOENT)
		return 0;
	if (r != 0)
		return error_at(p, r, "group %s can't be looked up: %s", name, strerror(-r));
	for (size_t i = 0; i < s->gids_n; i++)
		*matches |= s->gids[i] == gid;
	return 0;
}

/* A section may stand once: with two of them, which one was meant to hold? */
static int
section_new(struct parser *p, const char *in_text, size_t len)
{
	for (size_t i = 0; i < p->sections_n; i++)
		if (p->sections[i].len == len && memcmp(p->sections[i].name, in_text, len) == 0)
			return error_at(p, -EINVAL,
			    "section [%.*s] stands here a second time; put its settings in one",
			    (int)len, in_text);
	if (p->sections_n == SECTIONS_MAX)
		return error_at(p, -EINVAL, "more than %d sections", SECTIONS_MAX);
	p->sections[p->sections_n++] = (struct section){in_text, len};
	p->section_has = 0;
	return 0;
}

/* line: one line without blanks at either end, beginning with '['; in_text: the same in the file.
 */
static int
section_start(struct parser *p, char *line, const char *in_text)
{
	char *close = strchr(line, ']');
	const char *name;

	if (close == NULL || (close[1] != '\0' && strchr(" \t;", close[1]) == NULL))
		return error_at(p, -EINVAL, "a section's line ends with ']'");
	*close = '\0';
	if (section_new(p, in_text + 1, (size_t)(close - line - 1)) != 0)
		return p->error;
	if (strcmp(line + 1, "default") == 0) {
		p->section_rank = RANK_DEFAULT;
		p->section_holds = true;
	} else if ((name = after_keyword("group", line + 1)) != NULL && *name != '\0') {
		p->section_rank = RANK_GROUP;
		return group_matches(p, name, &p->section_holds);
	} else if ((name = after_keyword("user", line + 1)) != NULL && *name != '\0') {
		p->section_rank = RANK_USER;
		p->section_holds = p->subject->user != NULL && strcmp(p->subject->user, name) == 0;
	} else
		return error_at(
		    p, -EINVAL, "section [%s]: [default], [group NAME] or [user NAME]", line + 1);
	return 0;
}

/* What libinih would cut, join or pass over in silence is stopped here. */
static int
line_check(struct parser *p, char *line, size_t len, const char *in_text)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
			return error_at(p, -EINVAL, "a control character (byte 0x%02x)",
			    (unsigned char)line[i]);
	if (len == 0 || line[0] == '#' || line[0] == ';')
		return 0;
	if (line[0] == '[')
		return section_start(p, line, in_text);
	if (p->sections_n == 0)
		return error_at(p, -EINVAL, "a setting outside any section; begin with [default]");
	if (line[0] == '=' || strchr(line, '=') == NULL)
		return error_at(p, -EINVAL, "'%s' is no line of the form: setting = value", line);
	return 0;
}

static size_t
trimmed(const char **start, size_t len)
{
	while (len > 0 && strchr(" \t\r", (*start)[len - 1]) != NULL && (*start)[len - 1] != '\0')
		len--;
	while (len > 0 && (**start == ' ' || **start == '\t')) {
		(*start)++;
		len--;
	}
	return len;
}

/*
 * libinih's ini_reader. Hands over one line at a time without the blanks around it: to libinih,
 * a line that begins with a blank continues the one before.
 */
static char *
line_read(char *out, int size, void *stream)
{
	struct parser *p = stream;
	const char *start = p->at, *newline;
	char line[CONF_LINE_MAX + 1];
	size_t len;

	if (p->error != 0 || p->at == p->end || p->lineno == UINT16_MAX)
		return NULL;
	newline = memchr(start, '\n', (size_t)(p->end - start));
	p->at = newline != NULL ? newline + 1 : p->end;
	p->lineno++;
	len = trimmed(&start, (size_t)((newline != NULL ? newline : p->end) - start));
	if (len > CONF_LINE_MAX || (int)len + 3 > size) {
		error_at(p, -EINVAL, "a line of %zu bytes; %d is the most", len, CONF_LINE_MAX);
		return NULL;
	}
	memcpy(out, start, len);
	memcpy(out + len, "\n", 2);
	memcpy(line, start, len);
	line[len] = '\0';
	return line_check(p, line, len, start) == 0 ? out : NULL;
}

static bool
is_list(const struct conf_setting *s)
{
	return s->type == CONF_NAMES || s->type == CONF_PATTERN;
}

static int
setting_apply(struct parser *p, const struct conf_setting *s, const char *value)
{
	size_t id = (size_t)(s - conf_settings);
	char why[160];

	if (s->type != CONF_PATTERN && strstr(value, " #") != NULL)
		return error_at(
		    p, -EINVAL, "%s: a comment behind a value begins with ';'", s->name);
	/* Into the scratch first, so that a mistake is found whomever the section is for. */
	p->scratch.secret_programs_n = p->scratch.secret_prompt_n = 0;
	if (conf_value_set(&p->scratch, s, value, why, sizeof why) != 0 ||
	    (p->subject->judge != NULL &&
		p->subject->judge(p->subject->arg, (enum conf_id)id, value, why, sizeof why) != 0))
		return error_at(p, -EINVAL, "%s = %.60s: %s", s->name, value, why);
	if (!is_list(s) && (p->section_has & 1u << id) != 0)
		return error_at(p, -EINVAL, "%s is set a second time in this section", s->name);
	p->section_has |= 1u << id;
	/* Of two groups the first in the file wins, so equal is not enough. Lists add up. */
	if (!p->section_holds || (!is_list(s) && p->section_rank <= p->rank[id]))
		return 0;
	if (conf_value_set(p->conf, s, value, why, sizeof why) != 0)
		return error_at(p, -EINVAL, "%s: %s", s->name, why);
	p->rank[id] = p->section_rank;
	p->conf->line[id] = (uint16_t)p->lineno;
	return 0;
}

/* libinih's ini_handler. Which section it is, line_check has found out. */
static int
setting_handle(void *arg, const char *section, const char *name, const char *value)
{
	struct parser *p = arg;
	const struct conf_setting *s = conf_setting_find(name);

	(void)section;
	if (p->error != 0)
		return 0;
	if (s == NULL)
		error_at(
		    p, -EINVAL, "no setting is called '%.60s'; ttywrap.conf(5) lists them", name);
	else
		setting_apply(p, s, value);
	return p->error == 0;
}

/* What happens without audit or recording follows on_failure unless a section as near says
 * otherwise. */
static void
policies_settle(struct parser *p)
{
	struct conf *c = p->conf;

	if (p->rank[CONF_ID_ON_FAILURE_AUDIT] < p->rank[CONF_ID_ON_FAILURE]) {
		c->on_failure_audit = c->on_failure;
		c->line[CONF_ID_ON_FAILURE_AUDIT] = c->line[CONF_ID_ON_FAILURE];
	}
	if (p->rank[CONF_ID_ON_FAILURE_RECORDING] < p->rank[CONF_ID_ON_FAILURE]) {
		c->on_failure_recording = c->on_failure;
		c->line[CONF_ID_ON_FAILURE_RECORDING] = c->line[CONF_ID_ON_FAILURE];
	}
}

void
conf_default(struct conf *c)
{
	*c = (struct conf){
	    .on_failure = CONF_DENY,
	    .on_failure_audit = CONF_DENY,
	    .on_failure_recording = CONF_DENY,
	    .audit = CONF_AUDIT_ALL,
	    .input = CONF_INPUT_PTY,
	    .audit_rate = 100,
	    .record = CONF_RECORD_OUTPUT | CONF_RECORD_INPUT,
	    .seal_interval_ns = INT64_C(10) * 1000000000,
	    .seal_bytes = 16 << 20,
	    .fsync = CONF_FSYNC_NONE,
	    .at_cap = CONF_CAP_END_SESSION,
	    .accounting = 1,
	    .mark = CONF_MARK_NONE,
	};
}

int
conf_parse(const char *text, size_t len, const char *name, const struct conf_subject *subject,
    struct conf *conf, struct conf_error *err)
{
	struct parser *p = calloc(1, sizeof *p);
	int r;

	conf_default(conf);
	err->text[0] = '\0';
	if (p == NULL)
		return -ENOMEM;
	*p = (struct parser){.at = text,
	    .end = text + len,
	    .file = name,
	    .subject = subject,
	    .conf = conf,
	    .err = err};
	conf_default(&p->scratch);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* some editors' byte order mark */
		p->at += 3;
	r = ini_parse_stream(line_read, p, setting_handle, p);
	/* A line that line_check lets through and libinih does not: one with the '=' in its
	 * comment. */
	if (p->error == 0 && r != 0) {
		p->lineno = r > 0 ? (unsigned)r : p->lineno;
		error_at(p, -EINVAL, "no line of the form: setting = value");
	}
	if (p->error == 0 && p->at != p->end)
		error_at(p, -EINVAL, "too many lines");
	policies_settle(p);
	r = p->error;
	free(p);
	if (r != 0)
		conf_default(conf);
	return r;
}

static int __attribute__((format(printf, 3, 4)))
error_in(struct conf_error *err, int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, args);
	va_end(args);
	return error;
}

/* fd is path's; the check is on what was opened, not on what the name may mean a moment later. */
static int
owner_check(int fd, const char *path, mode_t type, uid_t owner, struct conf_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_in(err, -errno, "%s: %s", path, strerror(errno));
	if ((st.st_mode & S_IFMT) != type)
		return error_in(
		    err, -EPERM, "%s: not a %s", path, type == S_IFDIR ? "folder" : "regular file");
	if (st.st_uid != owner)
		return error_in(err, -EPERM, "%s: belongs to uid %u; chown %u %s", path, st.st_uid,
		    owner, path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_in(err, -EPERM, "%s: others can write it (mode %04o); chmod go-w %s",
		    path, st.st_mode & 07777u, path);
	return 0;
}

/* Returns a descriptor, or -errno: -ENOENT without a message. */
static int
owned_open(
    int at, const char *name, int flags, const char *path, uid_t owner, struct conf_error *err)
{
	/* O_NONBLOCK: a FIFO of that name must not hold up the login. */
	int fd =
	    openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	int r;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return error_in(err, -errno,
		    "%s: a symbolic link, or not a folder; put the thing itself there", path);
	if (fd < 0)
		return error_in(err, -errno, "%s: %s", path, strerror(errno));
	r = owner_check(fd, path, (flags & O_DIRECTORY) != 0 ? S_IFDIR : S_IFREG, owner, err);
	if (r != 0)
		io_close(&fd);
	return r != 0 ? r : fd;
}

/* The file's text, to be freed by the caller, or NULL with *r = -errno (-ENOENT without a message).
 */
static char *
file_read(const char *path, uid_t owner, size_t *len, int *r, struct conf_error *err)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX], *text = NULL;
	int dir_fd = -1, fd = -1;
	ssize_t got;

	if (slash == NULL || (size_t)(slash - path) >= sizeof folder) {
		*r = error_in(err, -EINVAL, "%s: not an absolute path", path);
		return NULL;
	}
	snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
	dir_fd = *r = owned_open(AT_FDCWD, folder, O_DIRECTORY, folder, owner, err);
	if (dir_fd < 0)
		return NULL;
	fd = *r = owned_open(dir_fd, slash + 1, 0, path, owner, err);
	io_close(&dir_fd);
	if (fd < 0)
		return NULL;
	text = malloc(CONF_FILE_MAX);
	got = text != NULL ? io_read_all(fd, text, CONF_FILE_MAX) : -ENOMEM;
	io_close(&fd);
	if (got < 0) {
		*r = error_in(err, (int)got, "%s: %s", path,
		    got == -EFBIG ? "more than 64 KiB" : strerror((int)-got));
		free(text);
		return NULL;
	}
	*r = 0;
	*len = (size_t)got;
	return text;
}

int
conf_load(const char *path, uid_t owner, const struct conf_subject *subject, struct conf *conf,
    struct conf_error *err)
{
	size_t len = 0;
	int r = 0;
	char *text;

	conf_default(conf);
	err->text[0] = '\0';
	text = file_read(path, owner, &len, &r, err);
	if (text == NULL)
		return r == -ENOENT ? 0 : r;
	r = conf_parse(text, len, path, subject, conf, err);
	free(text);
	return r;
}

int
conf_group_gid(void *arg, const char *name, gid_t *gid)
{
	struct group *g;

	(void)arg;
	errno = 0;
	g = getgrnam(name);
	if (g != NULL) {
		*gid = g->gr_gid;
		return 0;
	}
	/* getgrnam(3): "not found" comes as 0 or as any of these, depending on the source asked. */
	if (errno == 0 || errno == ENOENT || errno == ESRCH || errno == EBADF || errno == EPERM)
		return -ENOENT;
	return -errno;
}
