/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ttywrap-check: hints about sshd. It is asked for its settings with 'sshd -T' (root only), which
 * starts nothing; the PAM stack is read as it stands.
 */
#include "check/check.h"

#include "check/finding.h"
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SSHD     "/usr/sbin/sshd"
#define PAM_SSHD "/etc/pam.d/sshd"
#define TEXT_MAX 65536

/* sshd's effective settings as text, to be freed; NULL when it doesn't say. */
static char *
sshd_settings(void)
{
	static char *argv[] = {(char *)"sshd", (char *)"-T", NULL}, *envp[] = {NULL};
	posix_spawn_file_actions_t actions;
	char *text = malloc(TEXT_MAX + 1);
	int p[2] = {-1, -1}, status = -1;
	ssize_t n = -1;
	pid_t pid;

	if (text == NULL || pipe2(p, O_CLOEXEC) != 0 ||
	    posix_spawn_file_actions_init(&actions) != 0)
		goto out;
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, p[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, SSHD, &actions, NULL, argv, envp) == 0) {
		io_close(&p[1]);
		n = io_read_all(p[0], text, TEXT_MAX);
		io_close(&p[0]); /* one that says more than fits ends by SIGPIPE */
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	posix_spawn_file_actions_destroy(&actions);
out:
	io_close(&p[0]);
	io_close(&p[1]);
	if (n <= 0 || status != 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

static bool
has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text; (p = strstr(p, line)) != NULL; p += n)
		if ((p == text || p[-1] == '\n') && (p[n] == '\n' || p[n] == '\0'))
			return true;
	return false;
}

/* Does a PAM service, or a file that it includes (one level: common-session), name the module? */
static bool
pam_has(const char *service, const char *module, bool follow)
{
	char path[256], line[512], included[128];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof path, "/etc/pam.d/%s", service);
	file = fopen(path, "re");
	while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
		const char *start = line + strspn(line, " \t-");

		if (*start == '#')
			continue;
		found = strstr(start, module) != NULL;
		if (!found && follow &&
		    (sscanf(start, "@include %127s", included) == 1 ||
			sscanf(start, "%*s include %127s", included) == 1 ||
			sscanf(start, "%*s substack %127s", included) == 1) &&
		    strchr(included, '/') == NULL)
			found = pam_has(included, module, false);
	}
	if (file != NULL)
		fclose(file);
	return found;
}

static void
check_settings(struct findings *f)
{
	char *text;

	if (geteuid() != 0) {
		finding_note(
		    f, "sudo ttywrap --check", "sshd: only root may ask about its settings");
		return;
	}
	text = sshd_settings();
	if (text == NULL) {
		finding_note(f, "sshd -T", "sshd: does not tell its settings");
		return;
	}
	if (has_line(text, "usepam yes"))
		finding_ok(f, "sshd: uses PAM");
	else
		finding_wrong(f, "set 'UsePAM yes' in /etc/ssh/sshd_config, reload sshd",
		    "sshd: does not use PAM, so sessions have no login uid and no audit session");
	if (strstr(text, "\nforcecommand ") != NULL && strstr(text, "\nforcecommand none") == NULL)
		finding_note(f, "put it in a Match block: see " TTYWRAP_EXAMPLES "/sshd_config",
		    "sshd: has a ForceCommand for everybody, root included");
	/* sshd serves it by itself: past the login shell; under ForceCommand it is not found. */
	if (has_line(text, "subsystem sftp internal-sftp"))
		finding_wrong(f,
		    "set 'Subsystem sftp /usr/lib/openssh/sftp-server' in /etc/ssh/sshd_config, "
		    "reload sshd",
		    "sshd: internal-sftp does not go through a login shell, so ttywrap never sees "
		    "it");
	if (has_line(text, "permituserenvironment yes"))
		finding_note(f, "set 'PermitUserEnvironment no' in /etc/ssh/sshd_config",
		    "sshd: users choose environment variables (ttywrap itself heeds none)");
	free(text);
}

void
check_sshd(struct findings *f)
{
	if (access(SSHD, X_OK) != 0) {
		finding_note(f, NULL, "sshd: not installed here");
		return;
	}
	check_settings(f);
	if (pam_has("sshd", "pam_loginuid.so", true))
		finding_ok(f, "%s: sets the login uid", PAM_SSHD);
	else
		finding_wrong(f, "add 'session required pam_loginuid.so' to " PAM_SSHD,
		    "%s: without pam_loginuid.so the audit trail doesn't know whose session it is",
		    PAM_SSHD);
}
