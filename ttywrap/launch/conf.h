/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LAUNCH_CONF_H
#define LAUNCH_CONF_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The settings of ttywrap.conf(5) as they hold for one session. (Not named config.h: that is
 * the build's file of fixed paths.)
 *
 * A struct conf owns no memory and may be copied.
 */

/* A line of the file holds at most this many bytes, a value one less. libinih cuts silently from
 * 198 on. */
#define CONF_LINE_MAX  196
#define CONF_VALUE_MAX CONF_LINE_MAX /* with the NUL */
#define CONF_FILE_MAX  65536

#define CONF_PROGRAMS     32 /* secret_programs, all matching sections together */
#define CONF_PROGRAM_SIZE 16 /* TASK_COMM_LEN: the kernel keeps 15 bytes of a process's name */
#define CONF_PROMPTS      16 /* secret_prompt, all matching sections together */

enum conf_policy {
	CONF_DENY,
	CONF_ALLOW
};
enum conf_audit {
	CONF_AUDIT_ALL,
	CONF_AUDIT_ELEVATED,
	CONF_AUDIT_NONE
};
enum conf_input {
	CONF_INPUT_PTY,
	CONF_INPUT_KERNEL
};
enum conf_compress {
	CONF_COMPRESS_NONE,
	CONF_COMPRESS_ZSTD
};
enum conf_fsync {
	CONF_FSYNC_NONE,
	CONF_FSYNC_SEAL,
	CONF_FSYNC_ALWAYS
};
enum conf_at_cap {
	CONF_CAP_END_SESSION,
	CONF_CAP_STOP_OUTPUT
};
enum conf_mark {
	CONF_MARK_NONE,
	CONF_MARK_UID,
	CONF_MARK_GID,
	CONF_MARK_NUMBER
};

/* Bits of conf.record; 0 = no recording. */
#define CONF_RECORD_OUTPUT 1u
#define CONF_RECORD_INPUT  2u

/* One per setting, in the order of ttywrap.conf(5); the index of conf.line. */
enum conf_id {
	CONF_ID_SHELL,
	CONF_ID_ON_FAILURE,
	CONF_ID_ON_FAILURE_AUDIT,
	CONF_ID_ON_FAILURE_RECORDING,
	CONF_ID_AUDIT,
	CONF_ID_INPUT,
	CONF_ID_AUDIT_RATE,
	CONF_ID_AUDIT_CAP,
	CONF_ID_SECRET_PROGRAMS,
	CONF_ID_SECRET_PROMPT,
	CONF_ID_RECORD,
	CONF_ID_RECORD_NO_TTY,
	CONF_ID_WATCH_OWN,
	CONF_ID_SEAL_INTERVAL,
	CONF_ID_SEAL_BYTES,
	CONF_ID_COMPRESS,
	CONF_ID_FSYNC,
	CONF_ID_MAX_RECORDING,
	CONF_ID_MAX_DIRECTORY,
	CONF_ID_AT_CAP,
	CONF_ID_RETAIN,
	CONF_ID_RETAIN_SIZE,
	CONF_ID_ACCOUNTING,
	CONF_ID_MARK,
	CONF_IDS
};

struct conf {
	char shell[CONF_VALUE_MAX]; /* absolute path; "" = not set: real_shell() chooses */

	unsigned on_failure;       /* enum conf_policy: any cause that is not one of the next two */
	unsigned on_failure_audit; /* enum conf_policy: no audit record can be written */
	unsigned on_failure_recording; /* enum conf_policy: the recording can't be written */

	unsigned audit;      /* enum conf_audit: whose input goes to the audit trail */
	unsigned input;      /* enum conf_input: who does it */
	unsigned audit_rate; /* input records a second and session; 0 = no limit */
	unsigned audit_cap;  /* input records a session; 0 = no limit */
	char secret_programs[CONF_PROGRAMS]
			    [CONF_PROGRAM_SIZE]; /* in addition to the built-in ones */
	size_t secret_programs_n;
	char secret_prompt[CONF_PROMPTS]
			  [CONF_VALUE_MAX]; /* PCRE2, not compiled yet; in addition too */
	size_t secret_prompt_n;

	unsigned record;        /* CONF_RECORD_* */
	unsigned record_no_tty; /* 0 or 1: also what passes through a session without a terminal */
	unsigned watch_own;     /* 0 or 1: the user may read what was recorded of them */
	int64_t seal_interval_ns; /* 0 = none but the one at the end */
	uint64_t seal_bytes;      /* of the file; 0 = not by size */
	unsigned compress;        /* enum conf_compress */
	unsigned fsync;           /* enum conf_fsync */
	uint64_t max_recording;   /* bytes of one file; 0 = no limit */
	uint64_t max_directory;   /* bytes of all of them; 0 = no limit */
	unsigned at_cap;          /* enum conf_at_cap: of both */
	int64_t retain_ns;        /* --prune: how long since it was written to; 0 = not by age */
	uint64_t retain_size;     /* --prune: bytes of all of them; 0 = not by size */

	unsigned accounting;  /* 0 or 1 */
	unsigned mark;        /* enum conf_mark */
	uint32_t mark_number; /* with CONF_MARK_NUMBER */

	uint16_t line[CONF_IDS]; /* the line that the value in force stands in; 0 = built in */
};

/* Who the session is for. The names come from the account database, never from the environment. */
struct conf_subject {
	const char *user;  /* NULL: nobody, only [default] matches */
	const gid_t *gids; /* the primary group and the supplementary ones */
	size_t gids_n;
	/*
	 * Finds a group's number by its name. 0, -ENOENT when there is no such group (its section
	 * then matches nobody), or another -errno, which ends the parsing: a policy that can't be
	 * looked up must not be taken for none. conf_group_gid() asks NSS.
	 */
	int (*group_gid)(void *arg, const char *name, gid_t *gid);
	/*
	 * Sees each value of the file, whomever its section is for, or NULL. Returns 0, or -EINVAL
	 * with why (n bytes) saying what would be right: for what the launcher does not judge itself.
	 */
	int (*judge)(void *arg, enum conf_id id, const char *value, char *why, size_t n);
	void *arg; /* of both */
};

struct conf_error {
	char text[320]; /* one line without control characters: file:line: what is wrong; what would
			   be right */
};

/* The built-in settings. */
void conf_default(struct conf *);

/*
 * Pure. Parses a whole file's text; name is for messages only. On failure the struct conf holds
 * the built-in settings and err is filled. Returns 0, -EINVAL, or the -errno of group_gid.
 */
int conf_parse(const char *text, size_t len, const char *name, const struct conf_subject *,
    struct conf *, struct conf_error *err);

/*
 * Reads and parses a file. The file and the folder it is in must belong to owner (0 but in tests)
 * and be writable by nobody else; neither may be a symbolic link. No such file or folder: the
 * built-in settings, 0. Otherwise as conf_parse, or the -errno of what could not be opened or
 * read, -EPERM for a wrong owner or mode, -EFBIG for more than CONF_FILE_MAX.
 */
int conf_load(const char *path, uid_t owner, const struct conf_subject *, struct conf *,
    struct conf_error *err);

/* A group_gid for conf_subject; arg is not used. */
int conf_group_gid(void *arg, const char *name, gid_t *gid);

#endif
