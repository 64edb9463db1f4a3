/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttywrap-check: what the kernel must have ready. */
#include "check/check.h"

#include "check/finding.h"
#include "common/io.h"
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MIB UINT64_C(1048576)

/* A number that stands alone in a file of /proc; -1 when there is none. */
static long
proc_number(const char *path)
{
	char text[32], *end;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? io_read_all(fd, text, sizeof text - 1) : -1;
	long value;

	io_close(&fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	value = strtol(text, &end, 10);
	return end == text ? -1 : value;
}

static void
check_devpts(struct findings *f)
{
	struct statfs fs;
	struct stat st;

	if (statfs("/dev/pts", &fs) != 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		finding_wrong(f, "mount -t devpts -o gid=tty,mode=620,ptmxmode=666 devpts /dev/pts",
		    "/dev/pts: no devpts file system there");
	else if (stat("/dev/ptmx", &st) != 0)
		finding_wrong(f, "ln -s pts/ptmx /dev/ptmx", "/dev/ptmx: %s", strerror(errno));
	else if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2) || (st.st_mode & 0666) != 0666)
		finding_wrong(f, "chmod 0666 /dev/ptmx",
		    "/dev/ptmx: not everybody can open a terminal (mode %04o)",
		    st.st_mode & 07777u);
	else
		finding_ok(f, "/dev/ptmx, /dev/pts: terminals can be opened");
}

/* Another user's /proc/PID tells who reads the input; hidepid takes that away from _ttywrap. */
static void
check_hidepid(struct findings *f)
{
	char line[1024];
	FILE *mounts = fopen("/proc/self/mounts", "re");
	bool hidden = false;

	while (mounts != NULL && fgets(line, sizeof line, mounts) != NULL)
		hidden |= strstr(line, " /proc proc ") != NULL &&
			  strstr(line, "hidepid=") != NULL && strstr(line, "hidepid=0") == NULL &&
			  strstr(line, "hidepid=off") == NULL;
	if (mounts != NULL)
		fclose(mounts);
	if (hidden)
		finding_note(f, "mount -o remount,hidepid=0 /proc",
		    "/proc: mounted with hidepid, so ttywrap can't see which program reads the "
		    "input "
		    "(audit = elevated, secret_programs)");
}

void
check_terminals(struct findings *f)
{
	check_devpts(f);
	check_hidepid(f);
	/* security/yama: scope 3 refuses the access that pidfd_getfd(2) asks for, whoever asks. */
	if (proc_number("/proc/sys/kernel/yama/ptrace_scope") == 3)
		finding_note(f, NULL,
		    "kernel.yama.ptrace_scope = 3: ttywrap can't find a session's connection by "
		    "itself; use pam_ttyacct");
	if (access("/proc/sys/kernel/seccomp/actions_avail", F_OK) != 0)
		finding_wrong(
		    f, "boot a kernel with CONFIG_SECCOMP_FILTER", "seccomp: this kernel has none");
}

void
check_disk(struct findings *f)
{
	struct statvfs fs;
	uint64_t free_mib;

	if (statvfs(TTYWRAP_LOGDIR, &fs) != 0)
		return; /* check_folders said why */
	free_mib = (uint64_t)fs.f_bavail * fs.f_frsize / MIB;
	if ((fs.f_flag & ST_RDONLY) != 0)
		finding_wrong(f,
		    "mount -o remount,rw \"$(df --output=target " TTYWRAP_LOGDIR " | tail -n 1)\"",
		    "%s: its file system is read-only", TTYWRAP_LOGDIR);
	else if (free_mib < 64 || (fs.f_files != 0 && fs.f_favail < 100))
		finding_wrong(f, "du -x -d 2 " TTYWRAP_LOGDIR,
		    "%s: %llu MiB and %llu files left: sessions will fail", TTYWRAP_LOGDIR,
		    (unsigned long long)free_mib, (unsigned long long)fs.f_favail);
	else if (free_mib < 1024)
		finding_note(f, "du -x -d 2 " TTYWRAP_LOGDIR, "%s: %llu MiB left", TTYWRAP_LOGDIR,
		    (unsigned long long)free_mib);
	else
		finding_ok(f, "%s: %llu MiB left", TTYWRAP_LOGDIR, (unsigned long long)free_mib);
}

void
check_conntrack(struct findings *f)
{
	long counting = proc_number("/proc/sys/net/netfilter/nf_conntrack_acct");
	long tracked = proc_number("/proc/sys/net/netfilter/nf_conntrack_count");

	if (counting < 0 || tracked < 0) {
		finding_note(f, "nft -f " TTYWRAP_EXAMPLES "/conntrack.nft",
		    "connection tracking: not loaded; traffic figures then come from TCP itself "
		    "(payload only)");
		return;
	}
	if (counting == 0)
		finding_note(f,
		    "cp " TTYWRAP_EXAMPLES "/50-ttywrap.conf /etc/sysctl.d/ && sysctl --system",
		    "connection tracking: does not count bytes (nf_conntrack_acct = 0)");
	/* Who looks at this came by the network, as a rule: an empty table then means that no rule
	 * tracks. */
	if (tracked == 0)
		finding_note(f, "nft -f " TTYWRAP_EXAMPLES "/conntrack.nft",
		    "connection tracking: tracks nothing now; a rule with 'ct state' makes it");
	if (counting != 0 && tracked != 0)
		finding_ok(f, "connection tracking: counts, %ld connections", tracked);
}
