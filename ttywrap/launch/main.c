/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Launcher: starts with real uid the user's, effective and saved _ttywrap's,
 * four capabilities permitted and none effective (ttywrap/README of
 * privileges: SECURITY.md). Distrusts argv, the environment, the descriptors,
 * limits, signals and the working directory: all are the user's choice.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "common/privilege.h"
#include "config.h"
#include "launch/command.h"
#include "launch/conf.h"
#include "launch/environment.h"
#include "launch/identity.h"
#include "launch/origin.h"
#include "launch/real_shell.h"
#include "launch/verb.h"
#include "monitor/rlimits.h"
#include "monitor/session.h"
#include "monitor/store.h"

/* What the launcher owns for as long as the process lives. */
struct launch {
	struct identity id;
	struct environment env;
	struct command command;
	struct session session;
	char shell[PATH_MAX], cwd[PATH_MAX], directory[PATH_MAX], pump[PATH_MAX];
	bool nested;
};

/* Descriptors 0, 1 and 2 are open from here on, so that no file of ours can become one of them. */
static void
stdio_complete(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(1);
}

/* What stops a job, and what a broken program gets, stay as they are; all else waits for the
 * monitor. */
static void
signals_hold(struct shell *shell)
{
	const int left[] = {SIGTTOU, SIGTTIN, SIGTSTP, SIGCONT, SIGSEGV, SIGBUS, SIGFPE, SIGILL,
	    SIGTRAP, SIGSYS, SIGABRT};
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	sigset_t held;

	sigfillset(&held);
	for (size_t i = 0; i < sizeof left / sizeof *left; i++)
		sigdelset(&held, left[i]);
	sigprocmask(SIG_SETMASK, &held, &shell->mask);
	sigaction(SIGCHLD, &plain, &shell->chld);
}

/* The one moment with CAP_SYS_PTRACE, before anything is parsed. */
static int
look_back(struct launch *l)
{
	const uint64_t trace = PRIVILEGE_BIT(CAP_SYS_PTRACE);
	const uint64_t rest = PRIVILEGE_BIT(CAP_AUDIT_WRITE) | PRIVILEGE_BIT(CAP_AUDIT_CONTROL) |
			      PRIVILEGE_BIT(CAP_NET_ADMIN);
	uint64_t has = l->id.permitted & (trace | rest);
	int r;

	if (l->id.privileged) {
		r = privilege_set(has, has & trace, 0);
		if (r < 0)
			return r;
		l->session.connected =
		    account_find(&l->session.account, getenv("SSH_CONNECTION")) == 0;
	}
	l->nested = origin_is_nested(l->id.service);
	return l->id.privileged ? privilege_set(has & rest, 0, 0) : 0;
}

static int
load_settings(struct launch *l, struct conf_error *err)
{
	int n = getgroups(0, NULL), r;
	gid_t *gids = n < 0 ? NULL : calloc((size_t)n + 1, sizeof *gids);
	struct conf_subject who = {.user = l->id.name, .gids = gids, .group_gid = conf_group_gid};

	if (gids == NULL || getgroups(n, gids) != n) {
		snprintf(err->text, sizeof err->text, "the user's groups cannot be read");
		free(gids);
		return -EINVAL;
	}
	gids[n] = l->id.group;
	who.gids_n = (size_t)n + 1;
	r = conf_load(TTYWRAP_CONF, 0, &who, &l->session.conf, err);
	free(gids);
	return r;
}

static int
identify(void *arg, const char *path, struct real_shell_id *id)
{
	struct stat st;

	(void)arg;
	if (stat(path, &st) != 0)
		return -errno;
	*id = (struct real_shell_id){st.st_dev, st.st_ino};
	return 0;
}

/* Chooses the real shell; forced: the passwd shell is another program than this one. */
static int
choose_shell(struct launch *l, bool *forced, char *err, size_t n)
{
	struct real_shell_ask ask = {
	    .conf_shell = l->session.conf.shell,
	    .passwd_shell = l->id.shell,
	    .self_path = TTYWRAP_BIN,
	    .identify = identify,
	};
	struct real_shell_id passwd;
	int r = identify(NULL, "/proc/self/exe", &ask.self);

	if (r < 0)
		return r;
	*forced = strcmp(l->id.shell, TTYWRAP_BIN) != 0 &&
		  (identify(NULL, l->id.shell, &passwd) < 0 || passwd.dev != ask.self.dev ||
		      passwd.ino != ask.self.ino);
	return real_shell(&ask, l->shell, sizeof l->shell, err, n);
}

static int
make_command(struct launch *l, int argc, char *const *argv, bool forced)
{
	struct command_call call = {
	    .argc = argc,
	    .argv = argv,
	    .forced = forced,
	    .remote = getenv("SSH_CONNECTION") != NULL,
	    .original = getenv("SSH_ORIGINAL_COMMAND"),
	    .shell = l->shell,
	};

	return command_make(&l->command, &call);
}

static void
fill_session(struct launch *l)
{
	struct session *s = &l->session;

	s->privileged = l->id.privileged;
	s->service = l->id.service;
	s->user = l->id.name;
	s->directory = l->directory;
	s->pump = l->pump;
	s->cwd = getcwd(l->cwd, sizeof l->cwd) != NULL ? l->cwd : "?";
	s->line = l->command.line;
	s->group = l->id.group;
	s->shell.user = l->id.user;
	s->shell.inheritable = l->id.inheritable;
	s->shell.path = l->shell;
	s->shell.argv = l->command.argv;
	s->shell.envp = l->env.envp;
	s->shell.pts_fd = -1;
	for (int fd = 0; fd < 3; fd++)
		s->shell.stdio[fd] = -1;
}

/* Where recordings go, and what an unprivileged session goes without. */
static int
choose_directory(struct launch *l)
{
	int r;

	if (l->id.privileged) {
		memcpy(l->directory, TTYWRAP_LOGDIR, sizeof TTYWRAP_LOGDIR);
		return 0;
	}
	r = identity_state_directory(&l->id, l->directory, sizeof l->directory);
	return r < 0 ? r : 0;
}

static int
refuse(const struct launch *l, const char *what)
{
	log_admin(LOG_ERR, "session refused: %s (user %s)", what, l->id.name);
	if (l->id.privileged || l->id.installed)
		log_user("this session cannot be audited, so it is not started; the administrator "
			 "finds the reason in "
			 "the system log");
	else
		log_user("%s", what);
	return 1;
}

/* Whoever set the limit is told which: it is the user's own, or is set for them in limits.conf(5). */
static int
refuse_limit(const struct launch *l, const char *what)
{
	log_admin(LOG_ERR, "session refused: %s (user %s)", what, l->id.name);
	log_user("%s: it is not started", what);
	return 1;
}

/* Ends as the shell ended: its exit status, or its signal. */
static int
leave(int status)
{
	const struct rlimit none = {0, 0};
	sigset_t own;

	/*
	 * A session leader's exit hangs a console up and throws away what is still
	 * on its way (disassociate_ctty(), tty_ldisc_hangup()); a pseudo-terminal
	 * was not seen to lose anything on 6.18. Without a controlling terminal
	 * there is nothing to hang up on any. Giving
	 * it up sends SIGHUP to the foreground group, this process among them:
	 * ignored, or it would be what this process dies of.
	 */
	if (getsid(0) == getpid()) {
		int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

		signal(SIGHUP, SIG_IGN);
		if (fd >= 0)
			(void)ioctl(fd, TIOCNOTTY);
	}
	if (status < 0)
		return 1;
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &none);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&own);
	sigaddset(&own, WTERMSIG(status)); /* alone: another may be pending */
	sigprocmask(SIG_UNBLOCK, &own, NULL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

static int
prepare(struct launch *l, int argc, char *const *argv)
{
	struct conf_error wrong = {""};
	char text[320] = "";
	bool forced = false;
	int r;

	r = environment_take(&l->env);
	if (r < 0)
		return refuse(l, "the environment cannot be read");
	if (load_settings(l, &wrong) < 0)
		return refuse(l, wrong.text);
	if (choose_shell(l, &forced, text, sizeof text) < 0)
		return refuse(l, text);
	if (make_command(l, argc, argv, forced) < 0 ||
	    identity_program(&l->id, "pump", l->pump, sizeof l->pump) < 0 ||
	    choose_directory(l) < 0)
		return refuse(l, "out of memory, or a path that is too long");
	fill_session(l);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct launch l;
	char text[192];
	int r;

	stdio_complete();
	r = identity_take(&l.id);
	log_open(!l.id.privileged && !l.id.installed);
	if (r < 0) {
		log_user(
		    "uid %u has no usable passwd entry: %s", (unsigned)l.id.user, strerror(-r));
		return 1;
	}
	if (verb_wanted(argc, argv))
		return verb_run(&l.id, argv);
	signals_hold(&l.session.shell);
	if (look_back(&l) < 0)
		return refuse(&l, "the capabilities that the file should have are not there (see "
				  "ttywrap --check)");
	if (prepare(&l, argc, argv) != 0)
		return 1;
	if (l.nested)
		return shell_become(&l.session.shell);
	if (!l.id.privileged && l.id.installed && l.session.conf.on_failure != CONF_ALLOW)
		return refuse(&l,
		    "the installed program runs without its set-user-ID bit (see ttywrap --check)");
	if (!l.id.privileged) {
		r = store_make_directory(l.directory);
		if (r < 0)
			log_user("%s: %s", l.directory, strerror(-r));
		log_user("not installed: no audit trail; recording into %s", l.directory);
	}
	if (l.id.privileged && rlimits_check(text, sizeof text) < 0)
		return refuse_limit(&l, text);
	r = leave(monitor_run(&l.session));
	_exit(r); /* nothing is buffered, and no library has anything to put away */
}
