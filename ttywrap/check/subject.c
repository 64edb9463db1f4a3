/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttywrap-check: the launcher's own decisions (conf, real_shell), asked about somebody else. */
#include "check/subject.h"

#include "common/io.h"
#include "config.h"
#include "pump/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int
subject_identify(void *arg, const char *path, struct real_shell_id *id)
{
	struct stat st;

	(void)arg;
	if (stat(path, &st) != 0)
		return -errno;
	*id = (struct real_shell_id){st.st_dev, st.st_ino};
	return 0;
}

struct real_shell_id
subject_self(void)
{
	struct real_shell_id id = {0};

	subject_identify(NULL, TTYWRAP_BIN, &id);
	return id;
}

int
subject_judge(void *arg, enum conf_id id, const char *value, char *why, size_t n)
{
	const char *const patterns[] = {value, NULL}, *const no_programs[] = {NULL};
	struct secret *secret = NULL;
	int r;

	(void)arg;
	if (id != CONF_ID_SECRET_PROMPT)
		return 0;
	r = secret_new(&secret, patterns, no_programs, why, n);
	if (r == 0)
		secret_free(secret);
	return r;
}

static int
groups_load(struct subject *s, const struct passwd *pw)
{
	for (int room = 64;;) {
		int n = room;
		gid_t *more = reallocarray(s->gids, (size_t)room, sizeof *s->gids);

		if (more == NULL)
			return -ENOMEM;
		s->gids = more;
		if (getgrouplist(pw->pw_name, pw->pw_gid, s->gids, &n) >= 0) {
			s->gids_n = (size_t)n;
			return 0;
		}
		if (n <= room)
			return -EIO;
		room = n;
	}
}

static int
candidate_load(
    const char *path, const struct conf_subject *who, struct conf *conf, struct conf_error *err)
{
	char *text = malloc(CONF_FILE_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = text == NULL ? -ENOMEM : fd < 0 ? -errno : io_read_all(fd, text, CONF_FILE_MAX);
	int r = (int)n;

	io_close(&fd);
	if (n < 0)
		snprintf(err->text, sizeof err->text, "%s: %s", path, strerror(-r));
	else
		r = conf_parse(text, (size_t)n, path, who, conf, err);
	free(text);
	return r;
}

int
subject_conf(const char *candidate, const struct conf_subject *who, struct conf *conf,
    struct conf_error *err)
{
	if (candidate != NULL)
		return candidate_load(candidate, who, conf, err);
	return conf_load(TTYWRAP_CONF, 0, who, conf, err);
}

int
subject_load(struct subject *s, const struct passwd *pw, const char *candidate)
{
	struct real_shell_ask ask = {.passwd_shell = pw->pw_shell,
	    .self = subject_self(),
	    .self_path = TTYWRAP_BIN,
	    .identify = subject_identify};
	struct conf_subject who = {
	    .user = pw->pw_name, .group_gid = conf_group_gid, .judge = subject_judge};
	int r;

	*s = (struct subject){0};
	r = groups_load(s, pw);
	if (r != 0) {
		snprintf(s->err.text, sizeof s->err.text, "the groups of %s: %s", pw->pw_name,
		    strerror(-r));
		return r;
	}
	who.gids = s->gids;
	who.gids_n = s->gids_n;
	r = subject_conf(candidate, &who, &s->conf, &s->err);
	if (r != 0)
		return r;
	ask.conf_shell = s->conf.shell;
	if (real_shell(&ask, s->shell, sizeof s->shell, s->shell_error, sizeof s->shell_error) != 0)
		s->shell[0] = '\0';
	return 0;
}

void
subject_free(struct subject *s)
{
	free(s->gids);
	s->gids = NULL;
}
