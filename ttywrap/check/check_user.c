/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttywrap-check --user: which settings hold for one user, and why. */
#include "check/check.h"

#include "check/finding.h"
#include "check/subject.h"
#include "config.h"
#include "launch/conf_value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void
print_setting(FILE *out, const struct conf *c, size_t id)
{
	char value[512], from[32];
	size_t n = conf_value_format(c, &conf_settings[id], value, sizeof value);

	if (c->line[id] != 0)
		snprintf(from, sizeof from, "line %u", c->line[id]);
	else
		snprintf(from, sizeof from, "built in");
	fprintf(out, "       %-21s = %-20s ; %s%s\n", conf_settings[id].name, n > 0 ? value : "-",
	    from, n >= sizeof value ? ", too long to show in full" : "");
}

void
print_defaults(FILE *out)
{
	struct conf c;
	char value[512];

	conf_default(&c);
	for (size_t i = 0; i < CONF_IDS; i++) {
		size_t n = conf_value_format(&c, &conf_settings[i], value, sizeof value);

		fprintf(out, "%-21s = %s\n", conf_settings[i].name, n > 0 ? value : "-");
	}
}

void
check_user(struct findings *f, const char *name, const char *candidate)
{
	const struct passwd *pw;
	struct subject s;
	int r;

	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL) {
		finding_wrong(f, "getent passwd", "user %s: %s", name,
		    errno != 0 ? strerror(errno) : "there is none");
		return;
	}
	r = subject_load(&s, pw, candidate);
	if (r != 0)
		finding_wrong(f, "sensible-editor " TTYWRAP_CONF, "%s", s.err.text);
	else if (s.shell[0] == '\0')
		finding_wrong(
		    f, "sensible-editor " TTYWRAP_CONF, "user %s: %s", name, s.shell_error);
	else
		finding_ok(f, "user %s: %s, run as %s; settings by %s:", name, pw->pw_shell,
		    s.shell, TTYWRAP_CONF);
	for (size_t i = 0; r == 0 && i < CONF_IDS; i++)
		print_setting(f->out, &s.conf, i);
	subject_free(&s);
}
