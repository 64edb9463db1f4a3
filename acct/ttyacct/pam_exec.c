/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ttyacct --pam, as root, child of sshd's monitor. The environment is pam_exec's, and partly the
 * user's (PAM_USER has been authenticated, the rest is not relied on): the connection is found in
 * the parent.
 */
#include "pam_exec.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "account.h"
#include "inode.h"
#include "options.h"
#include "session.h"

static void
complain(void *data, const char *word, const char *why)
{
	(void)data;
	syslog(LOG_ERR, "option '%s' %s", word, why);
}

static void
say(void *data, int priority, const char *text)
{
	(void)data;
	syslog(priority, "%s", text);
}

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static int
account_make(const struct options *o, struct account *a)
{
	const char *text = getenv("SSH_CONNECTION");
	struct connection hint, found;
	bool have_hint = text && connection_parse_hint(text, &hint) == 0, agrees;
	int ret = connection_of_ancestor(have_hint ? &hint : NULL, &found, &agrees);

	if (ret == -EPERM || ret == -ENOSYS)
		ret = connection_of_ancestor_by(
		    inode_look, have_hint ? &hint : NULL, &found, &agrees);
	if (ret < 0)
		return ret;
	found.zone = o->zone;
	return account_of(a, &found);
}

int
pam_exec_run(int argc, const char **argv)
{
	const char *type = variable("PAM_TYPE"), *user = variable("PAM_USER");
	const struct passwd *pw;
	struct options o;
	struct account a;
	struct session s;
	int wrong, ret;

	openlog("ttyacct", LOG_PID, LOG_AUTHPRIV);
	wrong = options_parse(&o, argc, argv, complain, NULL);
	if (strcmp(variable("PAM_SERVICE"), o.service) != 0)
		return 0;
	pw = getpwnam(user);
	s = (struct session){.options = &o, .user = user, .by = "pam_exec", .say = say};
	s.uid = pw ? pw->pw_uid : LEDGER_UID_NONE;
	s.gid = pw ? pw->pw_gid : LEDGER_UID_NONE;
	ret = account_make(&o, &a);
	if (ret < 0)
		syslog(LOG_WARNING, "no connection to account: %s", strerror(-ret));
	else if (strcmp(type, "open_session") == 0)
		ret = session_open(&s, &a);
	else if (strcmp(type, "close_session") == 0)
		ret = session_close(&s, &a);
	else
		ret = 0;
	return o.required && (ret < 0 || wrong > 0) ? EXIT_FAILURE : EXIT_SUCCESS;
}
