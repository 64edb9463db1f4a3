/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECK_SUBJECT_H
#define CHECK_SUBJECT_H

#include <pwd.h>
#include <stddef.h>
#include <sys/types.h>

#include "launch/conf.h"
#include "launch/real_shell.h"

/* A user as the launcher would see them, from the account database. */
struct subject {
	gid_t *gids; /* owned */
	size_t gids_n;
	struct conf conf;           /* the settings that hold */
	struct conf_error err;      /* when subject_load failed */
	char shell[CONF_VALUE_MAX]; /* the real shell, "" with shell_error when there is none */
	char shell_error[256];
};

/* The ttywrap that is installed, or zeros. */
struct real_shell_id subject_self(void);

/* An identify for struct real_shell_ask; arg is not used. */
int subject_identify(void *arg, const char *path, struct real_shell_id *id);

/*
 * Settings and real shell of a passwd entry. candidate: a file to take for the configuration,
 * whoever it belongs to; NULL: the one that is in force. 0, or -errno with err filled. subject_free
 * in either case.
 */
int subject_load(struct subject *, const struct passwd *, const char *candidate);
void subject_free(struct subject *);

/* A judge for struct conf_subject: compiles the patterns as the pump will; arg is not used. */
int subject_judge(void *arg, enum conf_id id, const char *value, char *why, size_t n);

/* The settings by a candidate, or by the configuration in force. As conf_load. */
int subject_conf(
    const char *candidate, const struct conf_subject *, struct conf *, struct conf_error *);

#endif
