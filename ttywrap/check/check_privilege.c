/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttywrap-check: the set-user-ID bit and the capabilities of ttywrap itself. */
#include "check/check.h"

#include "check/file_caps.h"
#include "check/finding.h"
#include "config.h"

#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define SETUP  TTYWRAP_LIBEXEC "/ttywrap-setup"
#define BIT(c) (UINT64_C(1) << (c))
#define WANTED                                                                                     \
	(BIT(CAP_AUDIT_WRITE) | BIT(CAP_NET_ADMIN) | BIT(CAP_AUDIT_CONTROL) | BIT(CAP_SYS_PTRACE))

static void
check_owner(struct findings *f, const struct stat *st)
{
	const struct passwd *pw = getpwnam(TTYWRAP_USER);

	if (pw == NULL)
		return; /* said already */
	if (st->st_uid == 0 && (st->st_mode & S_ISUID) != 0)
		finding_wrong(f, SETUP, "%s: set-user-ID root; it must belong to %s", TTYWRAP_BIN,
		    TTYWRAP_USER);
	else if (st->st_uid != pw->pw_uid)
		finding_wrong(f, SETUP, "%s: belongs to uid %u, not to %s", TTYWRAP_BIN, st->st_uid,
		    TTYWRAP_USER);
	else if ((st->st_mode & 07777) != 04755)
		finding_wrong(
		    f, SETUP, "%s: mode %04o, not 4755", TTYWRAP_BIN, st->st_mode & 07777u);
	else
		finding_ok(f, "%s: %s 4755", TTYWRAP_BIN, TTYWRAP_USER);
}

static void
check_caps(struct findings *f)
{
	struct file_caps caps;
	int r = file_caps_read(TTYWRAP_BIN, &caps);

	if (r != 0)
		finding_wrong(
		    f, SETUP, "%s: its capabilities can't be read: %s", TTYWRAP_BIN, strerror(-r));
	else if (caps.permitted != WANTED || caps.inheritable != 0 || caps.effective)
		finding_wrong(f, SETUP,
		    "%s: capabilities %#llx%s, not exactly "
		    "cap_audit_write,cap_net_admin,cap_audit_control,"
		    "cap_sys_ptrace=p",
		    TTYWRAP_BIN, (unsigned long long)(caps.permitted | caps.inheritable),
		    caps.effective ? "+e" : "");
	else if (caps.rootid != 0)
		finding_wrong(f, SETUP,
		    "%s: its capabilities hold in the user namespace of uid %u only", TTYWRAP_BIN,
		    caps.rootid);
	else
		finding_ok(f, "%s: its four capabilities", TTYWRAP_BIN);
}

static void
check_mount(struct findings *f)
{
	struct statvfs fs;

	if (statvfs(TTYWRAP_BIN, &fs) != 0)
		finding_wrong(f, "df " TTYWRAP_BIN, "%s: %s", TTYWRAP_BIN, strerror(errno));
	else if ((fs.f_flag & (ST_NOSUID | ST_NOEXEC)) != 0)
		finding_wrong(f,
		    "mount -o remount,suid,exec \"$(df --output=target " TTYWRAP_BIN
		    " | tail -n 1)\"",
		    "%s: lies on a file system mounted nosuid or noexec", TTYWRAP_BIN);
	else
		finding_ok(f, "%s: its file system heeds the set-user-ID bit", TTYWRAP_BIN);
}

/* A container's bounding set silently takes capabilities out of a file's (capabilities(7)). */
static void
check_bounding_set(struct findings *f)
{
	static const struct {
		int cap;
		const char *name;
	} caps[] = {{CAP_AUDIT_WRITE, "cap_audit_write"}, {CAP_NET_ADMIN, "cap_net_admin"},
	    {CAP_AUDIT_CONTROL, "cap_audit_control"}, {CAP_SYS_PTRACE, "cap_sys_ptrace"}};

	for (size_t i = 0; i < sizeof caps / sizeof *caps; i++)
		if (prctl(PR_CAPBSET_READ, caps[i].cap, 0, 0, 0) == 0)
			finding_wrong(f,
			    "start the container, or the service this shell is in, with that "
			    "capability",
			    "%s is not in the bounding set of this shell: in sessions like this "
			    "one ttywrap "
			    "goes without",
			    caps[i].name);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		finding_wrong(f,
		    "start it without NoNewPrivileges= (systemd) or no-new-privileges (container)",
		    "no_new_privs is set for this shell: in sessions like this one ttywrap goes "
		    "without its privileges");
}

void
check_privilege(struct findings *f)
{
	struct stat st;

	if (lstat(TTYWRAP_BIN, &st) != 0) {
		finding_wrong(
		    f, "install ttywrap ('make install')", "%s: %s", TTYWRAP_BIN, strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		finding_wrong(
		    f, "install ttywrap again ('make install')", "%s: no plain file", TTYWRAP_BIN);
		return;
	}
	check_owner(f, &st);
	check_caps(f);
	check_mount(f);
	check_bounding_set(f);
}
