/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay: --prune. ttywrap.conf belongs to root; a recording's name is believed as far as its folder is. */
#include "replay/prune.h"

#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uid_t
prune_policy_uid(const char *name)
{
	unsigned long uid = 0;
	size_t n = 0;

	for (; name[n] >= '0' && name[n] <= '9' && n < 10; n++)
		uid = uid * 10 + (unsigned long)(name[n] - '0');
	return n > 0 && name[n] == '-' && uid < PRUNE_NOBODY ? (uid_t)uid : PRUNE_NOBODY;
}

/* The user's groups, for the caller to free. NULL: no memory. */
static gid_t *
groups_of(const struct passwd *pw, size_t *n)
{
	int room = 64;
	gid_t *gids = NULL;

	for (;;) {
		gid_t *grown = realloc(gids, (size_t)room * sizeof *gids);
		int before = room;

		if (grown == NULL) {
			free(gids);
			return NULL;
		}
		gids = grown;
		if (getgrouplist(pw->pw_name, pw->pw_gid, gids, &room) >= 0) {
			*n = (size_t)room;
			return gids;
		}
		room = room > before ? room : before * 2;
	}
}

static int
settings_of(uid_t uid, struct conf *conf, struct conf_error *err)
{
	struct conf_subject who = {.group_gid = conf_group_gid};
	struct passwd *pw = uid != PRUNE_NOBODY ? getpwuid(uid) : NULL;
	gid_t *gids = NULL;
	int r;

	if (pw != NULL) {
		gids = groups_of(pw, &who.gids_n);
		if (gids == NULL) {
			snprintf(err->text, sizeof err->text, "%s", strerror(ENOMEM));
			return -ENOMEM;
		}
		who.user = pw->pw_name;
		who.gids = gids;
	}
	r = conf_load(TTYWRAP_CONF, 0, &who, conf, err);
	free(gids);
	return r;
}

static int
known_add(struct prune_policy *p, struct prune_keep keep)
{
	if (p->n == p->room) {
		size_t room = p->room ? p->room * 2 : 16;
		void *grown = realloc(p->known, room * sizeof *p->known);

		if (grown == NULL)
			return -ENOMEM;
		p->known = grown;
		p->room = room;
	}
	p->known[p->n++] = keep;
	return 0;
}

int
prune_policy_keep(struct prune_policy *p, const char *name, int64_t *keep_s, struct conf_error *err)
{
	uid_t uid = prune_policy_uid(name);
	struct conf conf;
	int r;

	for (size_t i = 0; i < p->n; i++)
		if (p->known[i].uid == uid) {
			*keep_s = p->known[i].keep_s;
			return 0;
		}
	r = settings_of(uid, &conf, err);
	if (r != 0)
		return r;
	*keep_s = conf.retain_ns > 0 ? conf.retain_ns / 1000000000 : -1;
	return known_add(p, (struct prune_keep){uid, *keep_s});
}

int
prune_policy_size(uint64_t *max, struct conf_error *err)
{
	struct conf conf;
	int r = settings_of(PRUNE_NOBODY, &conf, err);

	*max = conf.retain_size;
	return r;
}

void
prune_policy_clear(struct prune_policy *p)
{
	free(p->known);
	*p = (struct prune_policy){0};
}
