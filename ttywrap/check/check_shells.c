/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttywrap-check: the accounts whose shell is ttywrap, and what they would get. */
#include "check/check.h"

#include "check/finding.h"
#include "check/subject.h"
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EDIT "sensible-editor " TTYWRAP_CONF

void
check_candidate(struct findings *f, const char *path)
{
	const struct conf_subject nobody = {.judge = subject_judge};
	struct conf c;
	struct conf_error err;

	if (subject_conf(path, &nobody, &c, &err) != 0)
		finding_wrong(f, NULL, "%s", err.text);
	else
		finding_ok(f, "%s: without mistakes", path);
}

void
check_config(struct findings *f)
{
	const struct conf_subject nobody = {.judge = subject_judge};
	struct conf c;
	struct conf_error err;

	if (subject_conf(NULL, &nobody, &c, &err) != 0)
		finding_wrong(
		    f, EDIT, "%s; until that is right nobody gets in through ttywrap", err.text);
	else if (access(TTYWRAP_CONF, F_OK) != 0)
		finding_ok(f, "%s: none; the built-in settings hold", TTYWRAP_CONF);
	else
		finding_ok(f, "%s: without mistakes", TTYWRAP_CONF);
}

static bool
in_etc_shells(void)
{
	bool found = false;
	char *line;

	setusershell();
	while ((line = getusershell()) != NULL)
		found |= strcmp(line, TTYWRAP_BIN) == 0;
	endusershell();
	return found;
}

/* The real shell must be there: ttywrap only finds out when the user logs in. */
static void
shell_check(struct findings *f, const struct passwd *pw, const char *shell)
{
	char mend[512];
	struct stat st;

	snprintf(mend, sizeof mend, "set 'shell' in %s for %s", TTYWRAP_CONF, pw->pw_name);
	if (stat(shell, &st) != 0)
		finding_wrong(
		    f, mend, "user %s: their shell %s: %s", pw->pw_name, shell, strerror(errno));
	else if (!S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0)
		finding_wrong(f, mend, "user %s: their shell %s is no program", pw->pw_name, shell);
	else
		finding_ok(f, "user %s: gets %s", pw->pw_name, shell);
}

static void
account_check(struct findings *f, const struct passwd *pw)
{
	struct subject s;
	char mend[512];

	if (pw->pw_uid == 0) {
		snprintf(mend, sizeof mend, "chsh -s /bin/bash %s", pw->pw_name);
		finding_note(f, mend,
		    "user %s: root's own shell is ttywrap; a way in that doesn't need it is wise",
		    pw->pw_name);
	}
	if (subject_load(&s, pw, NULL) != 0)
		finding_wrong(f, EDIT, "user %s: %s", pw->pw_name, s.err.text);
	else if (s.shell[0] == '\0')
		finding_wrong(f, EDIT, "user %s: %s", pw->pw_name, s.shell_error);
	else
		shell_check(f, pw, s.shell);
	subject_free(&s);
}

static bool
is_ttywrap(const char *shell, struct real_shell_id self)
{
	struct real_shell_id id;

	if (strcmp(shell, TTYWRAP_BIN) == 0)
		return true;
	return self.ino != 0 && subject_identify(NULL, shell, &id) == 0 && id.dev == self.dev &&
	       id.ino == self.ino;
}

void
check_shells(struct findings *f)
{
	struct real_shell_id self = subject_self();
	unsigned users = 0;
	const struct passwd *pw;

	if (in_etc_shells())
		finding_ok(f, "/etc/shells: has %s", TTYWRAP_BIN);
	else
		finding_wrong(f, "echo " TTYWRAP_BIN " >>/etc/shells",
		    "/etc/shells: lacks %s, so chsh and pam_shells refuse it", TTYWRAP_BIN);
	setpwent();
	while ((pw = getpwent()) != NULL)
		if (is_ttywrap(pw->pw_shell, self)) {
			users++;
			account_check(f, pw);
		}
	endpwent();
	if (users == 0)
		finding_note(f, "chsh -s " TTYWRAP_BIN " NAME", "no account has %s for its shell",
		    TTYWRAP_BIN);
}
