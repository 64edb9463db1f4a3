/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pam_ttyacct.so: inside sshd's monitor, as root, at the opening and closing of a PAM session. sshd
 * opens one for each connection. Distrusts the user's name and nothing else: the connection is
 * one of sshd's own descriptors, the figures are the kernel's. It opens nothing that stays open,
 * waits for nothing, and fails no login unless it is told to.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define PAM_SM_SESSION
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include "account.h"
#include "options.h"
#include "session.h"

#define DATA_NAME "pam_ttyacct"

#define EXPORT __attribute__((visibility("default")))

struct context {
	pam_handle_t *pamh;
	bool debug;
};

static void
complain(void *data, const char *word, const char *why)
{
	const struct context *c = data;

	pam_syslog(c->pamh, LOG_ERR, "option '%s' %s", word, why);
}

static void
say(void *data, int priority, const char *text)
{
	const struct context *c = data;

	if (priority < LOG_DEBUG || c->debug)
		pam_syslog(c->pamh, priority, "%s", text);
}

static void
data_free(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	free(data);
}

static const char *
item(pam_handle_t *pamh, int which)
{
	const void *value = NULL;

	return pam_get_item(pamh, which, &value) == PAM_SUCCESS && value ? value : "";
}

/* sshd's connection, checked against the SSH_CONNECTION that sshd itself puts into PAM's
 * environment. */
static int
account_make(const struct context *c, const struct options *o, struct account *a)
{
	const char *text = pam_getenv(c->pamh, "SSH_CONNECTION");
	struct connection hint, found;
	bool have_hint = text && connection_parse_hint(text, &hint) == 0;
	int ret = connection_of_self(have_hint ? &hint : NULL, &found);

	if (ret < 0)
		return ret;
	found.zone = o->zone;
	return account_of(a, &found);
}

static int
prepare(const struct context *c, const struct options *o, struct session *s)
{
	const struct passwd *pw;

	*s = (struct session){
	    .options = o,
	    .user = item(c->pamh, PAM_USER),
	    .by = "pam",
	    .say = say,
	    .say_data = (void *)(uintptr_t)c,
	};
	pw = pam_modutil_getpwnam(c->pamh, s->user);
	if (!pw)
		return -ENOENT;
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
	return 0;
}

/* True when the service is the one whose connections are accounted; anything else is none of ours.
 */
static bool
is_ours(const struct context *c, const struct options *o)
{
	const char *service = item(c->pamh, PAM_SERVICE);

	if (strcmp(service, o->service) == 0)
		return true;
	if (c->debug)
		pam_syslog(
		    c->pamh, LOG_DEBUG, "service %s is no SSH login: nothing to account", service);
	return false;
}

static int
open_session(const struct context *c, const struct options *o)
{
	struct account *a = calloc(1, sizeof *a);
	struct session s;
	int ret = a ? account_make(c, o, a) : -ENOMEM;

	if (ret < 0) {
		pam_syslog(c->pamh, LOG_WARNING, "no connection to account: %s", strerror(-ret));
		goto fail;
	}
	ret = prepare(c, o, &s);
	if (ret < 0) {
		pam_syslog(c->pamh, LOG_WARNING, "no such user: %s", s.user);
		goto fail;
	}
	ret = session_open(&s, a);
	if (ret < 0 && o->required)
		session_close(&s, a); /* PAM closes no session that failed to open */
	if (pam_set_data(c->pamh, DATA_NAME, a, data_free) != PAM_SUCCESS)
		goto fail;
	return ret;
fail:
	free(a);
	return ret < 0 ? ret : -ENOMEM;
}

EXPORT int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct context c = {.pamh = pamh};
	struct options o;
	int wrong, ret;

	(void)flags;
	wrong = options_parse(&o, argc, argv, complain, &c);
	c.debug = o.debug;
	if (!is_ours(&c, &o))
		return PAM_IGNORE;
	ret = open_session(&c, &o);
	if (ret == 0 && (wrong == 0 || !o.required))
		return PAM_SUCCESS;
	if (!o.required)
		return PAM_IGNORE;
	pam_syslog(pamh, LOG_ERR,
	    "refusing the session: required_accounting is set and the connection cannot be "
	    "accounted");
	return PAM_SESSION_ERR;
}

EXPORT int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct context c = {.pamh = pamh};
	const void *opened = NULL;
	struct account again;
	struct options o;
	struct session s;

	(void)flags;
	options_parse(&o, argc, argv, complain, &c);
	c.debug = o.debug;
	if (!is_ours(&c, &o))
		return PAM_IGNORE;
	/* Opened by an older module, or by another handle: sshd still has its descriptor. */
	if (pam_get_data(pamh, DATA_NAME, &opened) != PAM_SUCCESS || !opened) {
		if (account_make(&c, &o, &again) < 0)
			return PAM_IGNORE;
		opened = &again;
	}
	if (prepare(&c, &o, &s) < 0)
		s.uid = s.gid = LEDGER_UID_NONE;
	return session_close(&s, opened) < 0 ? PAM_IGNORE : PAM_SUCCESS;
}
