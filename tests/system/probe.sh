# SPDX-License-Identifier: GPL-2.0-or-later
# Read by the shell of a session with '.': prints what can be seen of the session, in sections that two like sessions share.
section() { printf '\n=== %s\n' "$1"; }
links() { # what a process's descriptors are: names of terminals and numbers of pipes differ between any two sessions;
	# of the flags: access mode, O_APPEND, O_NONBLOCK, O_ASYNC
	for fd in /proc/$1/fd/*; do
		n=${fd##*/}
		[ -L "$fd" ] && printf '%s %s %s\n' "$n" "$(readlink "$fd" | sed -e 's,^/dev/pts/[0-9]*,TERMINAL,' -e 's,\[[0-9]*\],[],' -e 's,^/proc/[0-9]*/,/proc/PID/,')" \
			"$(printf %o $((0$(sed -n 's/^flags:[[:space:]]*0*//p' "/proc/$1/fdinfo/$n") & 026003)))"
	done
}
section environment; base64 -w0 /proc/$$/environ
section arguments; base64 -w0 /proc/$$/cmdline
section limits; cat /proc/$$/limits
section identity; grep -E '^(Uid|Gid|Groups|Umask)' /proc/$$/status; id
section capabilities; grep -E '^(Cap|NoNewPrivs|Seccomp)' /proc/$$/status; /sbin/capsh --print | grep -i securebits
section signals # read without a child: while bash waits for one it catches SIGINT
while read -r name value; do case $name in Sig[BIC]*|Shd*) echo "$name $value";; esac; done </proc/$$/status
section child_signals; grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
section nice; nice; ionice -p $$; chrt -p $$ | sed 's/pid [0-9]*/pid/'
section directory; pwd -P; readlink /proc/$$/cwd /proc/$$/root
section umask; umask
section descriptors; links $$
section child_descriptors; (links self | grep -v /proc/)
section process; cat /proc/$$/oom_score_adj /proc/$$/personality /proc/$$/coredump_filter /proc/$$/loginuid; grep -E '^(Cpus|Mems)_allowed_list' /proc/$$/status; stat -c '%u %g %a' /proc/$$
section standing; ps -o pid=,pgid=,sid=,tpgid= -p $$ | { read -r p g s t; [ "$p" = "$g" ] && echo group leader; [ "$p" = "$s" ] && echo session leader; [ "$t" = -1 ] && echo no terminal; [ "$t" = "$g" ] && echo in the foreground; :; }
section parent; if [ "$PPID" = 1 ]; then echo init; else echo alive; fi
section termios; stty -a; stty -g
section terminal; t=$(tty) && stat -c '%U %G %a %F' "$t" && stty size && [ -c /dev/tty ] && (: </dev/tty) && echo controlling
section colours; tput colors; tput lines; tput cols
section end
