/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replay: --prune, with CAP_AUDIT_WRITE if it is to remove recordings of the machine. A recording
 * that the trail has seals of and that is gone without a word is one that somebody made away with.
 */
#include "replay/prune.h"

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A copy elsewhere has the same name: its removal must not explain away that of the original. */
static bool
is_the_machines(const char *path)
{
	char folder[PATH_MAX], logs[PATH_MAX], *slash;
	size_t n;

	if (realpath(path, folder) == NULL || realpath(TTYWRAP_LOGDIR, logs) == NULL)
		return false;
	slash = strrchr(folder, '/');
	n = strlen(logs);
	*slash = '\0';
	return strncmp(folder, logs, n) == 0 && (folder[n] == '\0' || folder[n] == '/');
}

static int
trail_ready(struct prune_trail *t)
{
	int r;

	if (t->open)
		return 0;
	r = trail_open(&t->trail);
	t->open = r == 0;
	/* netlink(7): compiled without. audit_netlink_ok(): none in a user namespace of its own. */
	t->none = r == -EPROTONOSUPPORT;
	return t->none ? 0 : r;
}

int
prune_trail_say(struct prune_trail *t, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	struct trail_text text = {.len = 0};
	int r;

	if (t->none || !is_the_machines(path))
		return 0;
	r = trail_ready(t);
	if (r < 0 || t->none)
		return r;
	trail_add(&text, "op", "ttywrap-prune");
	if (name[strspn(
		name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_")] == '\0')
		trail_add(&text, "rec", "%s", name);
	else
		trail_add_untrusted(&text, "rec", name, NAME_MAX);
	r = trail_record(&t->trail, TRAIL_TRUSTED_APP, text.buf, true);
	t->none = r == -ECONNREFUSED;
	return t->none ? 0 : r;
}

void
prune_trail_close(struct prune_trail *t)
{
	trail_close(&t->trail);
	t->open = false;
}
