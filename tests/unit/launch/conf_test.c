/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "launch/conf.h"
#include "launch/conf_value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

/* Groups of the tests: staff is 50, wheel is 60, nobody knows any other; broken can't be looked up.
 */
static int
fake_gid(void *arg, const char *name, gid_t *gid)
{
	(void)arg;
	if (strcmp(name, "broken") == 0)
		return -EIO;
	if (strcmp(name, "staff") != 0 && strcmp(name, "domain users") != 0 &&
	    strcmp(name, "wheel") != 0)
		return -ENOENT;
	*gid = name[0] == 's' ? 50 : name[0] == 'w' ? 60 : 70;
	return 0;
}

static const gid_t both[] = {1000, 50, 60, 70};
static const struct conf_subject alice = {"alice", both, 4, fake_gid, NULL};
static const struct conf_subject loner = {"loner", both, 1, fake_gid, NULL};

static int
parse(const char *text, const struct conf_subject *s, struct conf *c, struct conf_error *e)
{
	return conf_parse(text, strlen(text), "f", s, c, e);
}

static void
parse_ok(const char *text, const struct conf_subject *s, struct conf *c)
{
	struct conf_error e;

	if (parse(text, s, c, &e) != 0)
		fail_msg("%s\n%s", text, e.text);
}

static void
test_an_empty_file_leaves_the_defaults(void **state)
{
	struct conf c, d;

	(void)state;
	conf_default(&d);
	assert_int_equal(d.on_failure, CONF_DENY);
	assert_int_equal(d.audit, CONF_AUDIT_ALL);
	assert_int_equal(d.record, CONF_RECORD_OUTPUT | CONF_RECORD_INPUT);
	assert_int_equal(d.record_no_tty, 0);
	assert_int_equal(d.watch_own, 0);
	for (size_t i = 0; i < 4; i++) {
		static const char *const texts[] = {
		    "", "\n", "# only\n ; words", "[default]\n[user alice]\n[group staff]"};

		memset(&c, 0xa5, sizeof c);
		parse_ok(texts[i], &alice, &c);
		assert_memory_equal(&c, &d, sizeof c);
	}
}

static void
test_every_setting_is_read(void **state)
{
	struct conf c;

	(void)state;
	parse_ok(
	    "[default]\nshell = /bin/zsh\non_failure = allow\non_failure_audit = deny\n"
	    "on_failure_recording = deny\naudit = elevated\ninput = kernel\naudit_rate = 7\n"
	    "audit_cap = 1000\nsecret_programs = vault, pass\nsecret_programs = age\n"
	    "secret_prompt = (?i)PIN:\nsecret_prompt = a;b\nrecord = input\nrecord_no_tty = yes\n"
	    "watch_own = yes\n"
	    "seal_interval = 2min\nseal_bytes = 64K\ncompress = zstd\nfsync = "
	    "always\nmax_recording = 2G\n"
	    "max_directory = 100G\nretain = 90d\nretain_size = 50G\n"
	    "at_cap = stop_output\naccounting = no\nmark = 4294967295\n",
	    &alice, &c);
	assert_string_equal(c.shell, "/bin/zsh");
	assert_int_equal(c.on_failure, CONF_ALLOW);
	assert_int_equal(c.on_failure_audit, CONF_DENY);
	assert_int_equal(c.on_failure_recording, CONF_DENY);
	assert_int_equal(c.audit, CONF_AUDIT_ELEVATED);
	assert_int_equal(c.input, CONF_INPUT_KERNEL);
	assert_int_equal(c.audit_rate, 7);
	assert_int_equal(c.audit_cap, 1000);
	assert_int_equal(c.secret_programs_n, 3);
	assert_string_equal(c.secret_programs[0], "vault");
	assert_string_equal(c.secret_programs[2], "age");
	assert_int_equal(c.secret_prompt_n, 2);
	assert_string_equal(c.secret_prompt[0], "(?i)PIN:");
	assert_string_equal(c.secret_prompt[1], "a;b");
	assert_int_equal(c.record, CONF_RECORD_INPUT);
	assert_int_equal(c.record_no_tty, 1);
	assert_int_equal(c.watch_own, 1);
	assert_int_equal(c.seal_interval_ns, 120 * SECOND);
	assert_int_equal(c.seal_bytes, 65536);
	assert_int_equal(c.compress, CONF_COMPRESS_ZSTD);
	assert_int_equal(c.fsync, CONF_FSYNC_ALWAYS);
	assert_int_equal(c.max_recording, UINT64_C(2) << 30);
	assert_int_equal(c.max_directory, UINT64_C(100) << 30);
	assert_int_equal(c.retain_ns, INT64_C(90) * 86400 * 1000000000);
	assert_int_equal(c.retain_size, UINT64_C(50) << 30);
	assert_int_equal(c.at_cap, CONF_CAP_STOP_OUTPUT);
	assert_int_equal(c.accounting, 0);
	assert_int_equal(c.mark, CONF_MARK_NUMBER);
	assert_int_equal(c.mark_number, UINT32_MAX);
	for (int i = 0; i < CONF_IDS; i++)
		assert_int_not_equal(c.line[i], 0);
	assert_int_equal(c.line[CONF_ID_SHELL], 2);
	assert_int_equal(c.line[CONF_ID_MARK], 27);
}

static void
test_the_nearer_section_wins_wherever_it_stands(void **state)
{
	static const char text[] =
	    "[user alice]\naudit = none\n[group wheel]\naudit = elevated\nfsync = seal\n"
	    "[group staff]\nfsync = always\nmark = uid\n[default]\naudit = all\nfsync = none\n"
	    "mark = gid\naccounting = no\n[user bob]\naccounting = yes\nmark = 9\n";
	struct conf c;

	(void)state;
	parse_ok(text, &alice, &c);
	assert_int_equal(c.audit, CONF_AUDIT_NONE);
	assert_int_equal(c.line[CONF_ID_AUDIT], 2);
	assert_int_equal(c.fsync, CONF_FSYNC_SEAL); /* wheel stands first */
	assert_int_equal(c.mark, CONF_MARK_UID);    /* only staff has it */
	assert_int_equal(c.accounting, 0);
	assert_int_equal(c.line[CONF_ID_ACCOUNTING], 13);
	parse_ok(text, &loner, &c);
	assert_int_equal(c.audit, CONF_AUDIT_ALL);
	assert_int_equal(c.mark, CONF_MARK_GID);
	parse_ok(text, &(struct conf_subject){0}, &c);
	assert_int_equal(c.mark, CONF_MARK_GID);
}

static void
test_lists_add_up(void **state)
{
	struct conf c;

	(void)state;
	parse_ok("[default]\nsecret_programs=a\n[group staff]\nsecret_programs=b c\n[group "
		 "wheel]\nsecret_programs=d\n"
		 "[user bob]\nsecret_programs=not\n",
	    &alice, &c);
	assert_int_equal(c.secret_programs_n, 4);
	assert_string_equal(c.secret_programs[3], "d");
}

static void
test_causes_follow_on_failure(void **state)
{
	struct conf c;

	(void)state;
	parse_ok("[default]\non_failure = allow\non_failure_audit = deny", &alice, &c);
	assert_int_equal(c.on_failure_recording, CONF_ALLOW);
	assert_int_equal(c.line[CONF_ID_ON_FAILURE_RECORDING], 2);
	assert_int_equal(c.on_failure_audit, CONF_DENY);
	/* A nearer on_failure outweighs a farther cause. */
	parse_ok(
	    "[default]\non_failure_audit = allow\n[user alice]\non_failure = deny", &alice, &c);
	assert_int_equal(c.on_failure_audit, CONF_DENY);
	parse_ok(
	    "[default]\non_failure_audit = allow\n[user alice]\non_failure = deny", &loner, &c);
	assert_int_equal(c.on_failure_audit, CONF_ALLOW);
	assert_int_equal(c.on_failure, CONF_DENY);
}

static void
test_blanks_comments_and_line_ends(void **state)
{
	struct conf c;

	(void)state;
	parse_ok("\xef\xbb\xbf# with a byte order mark\r\n  [default]  ; all\r\n\taudit=none\r\n"
		 "  fsync = always   ; a comment\n  # more\n[group domain users]\naccounting = no",
	    &alice, &c);
	assert_int_equal(c.audit, CONF_AUDIT_NONE);
	assert_int_equal(c.fsync, CONF_FSYNC_ALWAYS);
	assert_int_equal(c.accounting, 0);
}

static void
test_numbers_and_their_limits(void **state)
{
	static const struct {
		const char *text;
		int right;
		int64_t value;
	} times[] = {{"1s", 1, SECOND}, {"1000ms", 1, SECOND}, {"90 s", 1, 90 * SECOND},
	    {"1h", 1, 3600 * SECOND}, {"none", 1, 0}, {"999ms", 0, 0}, {"2h", 0, 0}, {"10", 0, 0},
	    {"s", 0, 0}, {"-1s", 0, 0}, {"1.5s", 0, 0}, {"0x10s", 0, 0},
	    {"18446744073709551616s", 0, 0}, {"18446744073709551615h", 0, 0}, {"1S", 0, 0},
	    {"1sec", 0, 0}, {"+1s", 0, 0}, {"0s", 0, 0}};
	struct conf c;
	struct conf_error e;
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		snprintf(text, sizeof text, "[default]\nseal_interval = %s\n", times[i].text);
		assert_int_equal(parse(text, &alice, &c, &e), times[i].right ? 0 : -EINVAL);
		if (times[i].right)
			assert_int_equal(c.seal_interval_ns, times[i].value);
		else
			assert_non_null(strstr(e.text, "f:2: seal_interval = "));
	}
	assert_int_equal(parse("[default]\nmax_recording = 1T", &alice, &c, &e), 0);
	assert_int_equal(c.max_recording, UINT64_C(1) << 40);
	assert_int_equal(parse("[default]\nmax_recording = 2T", &alice, &c, &e), -EINVAL);
	assert_string_equal(e.text,
	    "f:2: max_recording = 2T: a size (K, M, G, T: powers of 1024) from 1M to 1T, or none");
	assert_int_equal(parse("[default]\nseal_interval = 2h", &alice, &c, &e), -EINVAL);
	assert_string_equal(
	    e.text, "f:2: seal_interval = 2h: a time (ms, s, min, h, d) from 1s to 1h, or none");
	assert_int_equal(parse("[default]\nmark = 0", &alice, &c, &e), -EINVAL);
	assert_int_equal(parse("[default]\nmark = 4294967296", &alice, &c, &e), -EINVAL);
}

static void
test_mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *says;
	} table[] = {
	    {"audit = all", "f:1: a setting outside any section; begin with [default]"},
	    {"[default]\nadit = all",
		"f:2: no setting is called 'adit'; ttywrap.conf(5) lists them"},
	    {"[default]\naudit = al", "f:2: audit = al: one of all, elevated, none"},
	    {"[default]\naudit = ALL", "f:2: audit = ALL: one of all, elevated, none"},
	    {"[default]\naudit =", "f:2: audit = : a value behind the '='"},
	    {"[default]\naudit = all ; x\naudit = none",
		"f:3: audit is set a second time in this section"},
	    {"[default]\n\n[default]\n",
		"f:3: section [default] stands here a second time; put its settings in one"},
	    {"[user bob]\n[user bob]\n",
		"f:2: section [user bob] stands here a second time; put its settings in one"},
	    {"[defaults]\n", "f:1: section [defaults]: [default], [group NAME] or [user NAME]"},
	    {"[user]\n", "f:1: section [user]: [default], [group NAME] or [user NAME]"},
	    {"[user ]\n", "f:1: section [user ]: [default], [group NAME] or [user NAME]"},
	    {"[userbob]\n", "f:1: section [userbob]: [default], [group NAME] or [user NAME]"},
	    {"[user bob\n", "f:1: a section's line ends with ']'"},
	    {"[user bob]x\n", "f:1: a section's line ends with ']'"},
	    {"[user bob]\naudit = al", "f:2: audit = al: one of all, elevated, none"},
	    {"[default]\naudit\n", "f:2: 'audit' is no line of the form: setting = value"},
	    {"[default]\n= all\n", "f:2: '= all' is no line of the form: setting = value"},
	    {"[default]\naudit ; = all\n", "f:2: no line of the form: setting = value"},
	    {"[default]\naudit = all # x\n",
		"f:2: audit: a comment behind a value begins with ';'"},
	    {"[default]\nshell = bash", "f:2: shell = bash: an absolute path, without blanks"},
	    {"[default]\nrecord = output, video",
		"f:2: record = output, video: some of output, input, or none"},
	    {"[default]\nrecord = ,", "f:2: record = ,: some of output, input, or none"},
	    {"[default]\nsecret_programs = sixteen-bytes-xx",
		"f:2: secret_programs = sixteen-bytes-xx: names of at most 15 bytes, as in "
		"/proc/PID/comm: "
		"'sixteen-bytes-x'"},
	    {"[default]\naudit = a\x1b[2Jll", "f:2: a control character (byte 0x1b)"},
	    {"[group broken]\n", "f:1: group broken can't be looked up: Input/output error"},
	};
	struct conf c, d;
	struct conf_error e;

	(void)state;
	conf_default(&d);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (parse(table[i].text, &alice, &c, &e) == 0)
			fail_msg("accepted: %s", table[i].text);
		assert_string_equal(e.text, table[i].says);
		assert_memory_equal(&c, &d, sizeof c);
	}
}

static void
test_nul_bytes_and_long_lines(void **state)
{
	static const char nul[] = "[default]\naudit = none\0\nfsync = seal\n";
	char text[16 + CONF_LINE_MAX + 2];
	struct conf c;
	struct conf_error e;

	(void)state;
	assert_int_equal(conf_parse(nul, sizeof nul - 1, "f", &alice, &c, &e), -EINVAL);
	assert_string_equal(e.text, "f:2: a control character (byte 0x00)");
	for (int len = CONF_LINE_MAX - 1; len <= CONF_LINE_MAX + 1; len++) {
		/* "secret_prompt=" is 14 bytes */
		snprintf(text, sizeof text, "[default]\nsecret_prompt=%0*d", len - 14, 1);
		assert_int_equal(parse(text, &alice, &c, &e), len > CONF_LINE_MAX ? -EINVAL : 0);
		if (len <= CONF_LINE_MAX)
			assert_int_equal(strlen(c.secret_prompt[0]), len - 14);
		else
			assert_string_equal(e.text, "f:2: a line of 197 bytes; 196 is the most");
	}
	/* A section's name beyond libinih's 49 bytes is not cut. */
	assert_int_equal(
	    parse("[user "
		  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb]"
		  "\naudit=none\n"
		  "[user "
		  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbc]\n",
		&alice, &c, &e),
	    0);
	assert_int_equal(c.audit, CONF_AUDIT_ALL);
}

static void
test_too_much_of_a_list(void **state)
{
	char text[4096] = "[default]\n";
	struct conf c;
	struct conf_error e;

	(void)state;
	for (int i = 0; i < CONF_PROMPTS; i++)
		snprintf(
		    text + strlen(text), sizeof text - strlen(text), "secret_prompt = %d\n", i);
	assert_int_equal(parse(text, &alice, &c, &e), 0);
	assert_int_equal(c.secret_prompt_n, CONF_PROMPTS);
	snprintf(text + strlen(text), sizeof text - strlen(text), "secret_prompt = x\n");
	assert_int_equal(parse(text, &alice, &c, &e), -EINVAL);
	assert_string_equal(e.text, "f:18: secret_prompt: at most 16 patterns for one session");
	assert_int_equal(c.secret_prompt_n, 0);
}

/* Takes no pattern with an x in it. */
static int
no_x(void *arg, enum conf_id id, const char *value, char *why, size_t n)
{
	(void)arg;
	if (id != CONF_ID_SECRET_PROMPT || strchr(value, 'x') == NULL)
		return 0;
	snprintf(why, n, "no x");
	return -EINVAL;
}

static void
test_a_judge_sees_every_section(void **state)
{
	const struct conf_subject judged = {.user = "alice", .judge = no_x};
	struct conf c;
	struct conf_error e;

	(void)state;
	assert_int_equal(parse("[default]\nshell = /x\nsecret_prompt = y", &judged, &c, &e), 0);
	assert_int_equal(parse("[user bob]\nsecret_prompt = x", &judged, &c, &e), -EINVAL);
	assert_string_equal(e.text, "f:2: secret_prompt = x: no x");
}

/* What is shown is what could be written in the file. */
static void
test_values_are_shown_as_they_are_written(void **state)
{
	static const char text[] =
	    "[default]\nshell = /bin/zsh\non_failure = allow\non_failure_audit = deny\n"
	    "on_failure_recording = deny\naudit = elevated\ninput = kernel\naudit_rate = 7\n"
	    "audit_cap = none\nsecret_programs = vault, pass, age\nsecret_prompt = (?i)PIN:\n"
	    "record = output, input\nrecord_no_tty = yes\nwatch_own = no\nseal_interval = "
	    "90s\nseal_bytes = 64K\n"
	    "compress = zstd\nfsync = always\nmax_recording = 1536M\nmax_directory = 1024T\n"
	    "at_cap = stop_output\nretain = 90d\nretain_size = none\naccounting = no\nmark = "
	    "uid\n";
	char shown[sizeof text + 64] = "[default]\n", value[256];
	struct conf c;
	size_t n;

	(void)state;
	parse_ok(text, &alice, &c);
	for (int i = 0; i < CONF_IDS; i++) {
		n = conf_value_format(&c, &conf_settings[i], value, sizeof value);
		assert_int_equal(n, strlen(value));
		snprintf(shown + strlen(shown), sizeof shown - strlen(shown), "%s = %s\n",
		    conf_settings[i].name, value);
	}
	assert_string_equal(shown, text);
	parse_ok("[default]\nrecord = none\nmark = 12\nsecret_prompt = a\nsecret_prompt = b\n",
	    &alice, &c);
	conf_value_format(&c, &conf_settings[CONF_ID_RECORD], value, sizeof value);
	assert_string_equal(value, "none");
	conf_value_format(&c, &conf_settings[CONF_ID_MARK], value, sizeof value);
	assert_string_equal(value, "12");
	conf_value_format(&c, &conf_settings[CONF_ID_SECRET_PROMPT], value, sizeof value);
	assert_string_equal(value, "a | b");
	conf_value_format(&c, &conf_settings[CONF_ID_SHELL], value, sizeof value);
	assert_string_equal(value, "");
	assert_int_equal(conf_value_format(&c, &conf_settings[CONF_ID_SECRET_PROMPT], value, 3), 5);
	assert_string_equal(value, "a ");
}

/* A folder of the test's own with a configuration file in it. */
struct place {
	char folder[64], path[96];
};

static void
place_make(struct place *p, const char *text)
{
	int fd;

	snprintf(p->folder, sizeof p->folder, "/tmp/ttywrap-conf.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	assert_int_equal(chmod(p->folder, 0755), 0);
	snprintf(p->path, sizeof p->path, "%s/ttywrap.conf", p->folder);
	fd = open(p->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void
place_remove(struct place *p)
{
	unlink(p->path);
	assert_int_equal(rmdir(p->folder), 0);
}

static void
test_a_file_is_loaded(void **state)
{
	struct place p;
	struct conf c;
	struct conf_error e;
	char expect[160];

	(void)state;
	place_make(&p, "[default]\naudit = none\nx");
	assert_int_equal(conf_load(p.path, geteuid(), &alice, &c, &e), -EINVAL);
	snprintf(
	    expect, sizeof expect, "%s:3: 'x' is no line of the form: setting = value", p.path);
	assert_string_equal(e.text, expect);
	assert_int_equal(truncate(p.path, 23), 0);
	assert_int_equal(conf_load(p.path, geteuid(), &alice, &c, &e), 0);
	assert_int_equal(c.audit, CONF_AUDIT_NONE);
	assert_int_equal(truncate(p.path, CONF_FILE_MAX + 1), 0);
	assert_int_equal(conf_load(p.path, geteuid(), &alice, &c, &e), -EFBIG);
	place_remove(&p);
	/* Neither the folder nor the file is needed. */
	assert_int_equal(conf_load(p.path, geteuid(), &alice, &c, &e), 0);
	assert_int_equal(c.audit, CONF_AUDIT_ALL);
}

static void
test_a_file_others_can_change_is_refused(void **state)
{
	struct place p;
	struct conf c;
	struct conf_error e;
	static const mode_t file_modes[] = {0664, 0646, 0666}, folder_modes[] = {0775, 0757, 01777};

	(void)state;
	place_make(&p, "[default]\naudit = none\n");
	assert_int_equal(conf_load(p.path, geteuid() + 1, &alice, &c, &e), -EPERM);
	assert_non_null(strstr(e.text, "belongs to uid"));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(chmod(p.path, file_modes[i]), 0);
		assert_int_equal(conf_load(p.path, geteuid(), &alice, &c, &e), -EPERM);
		assert_non_null(strstr(e.text, "chmod go-w"));
		assert_int_equal(c.audit, CONF_AUDIT_ALL);
	}
	assert_int_equal(chmod(p.path, 0644), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(chmod(p.folder, folder_modes[i]), 0);
		assert_int_equal(conf_load(p.path, geteuid(), &alice, &c, &e), -EPERM);
	}
	place_remove(&p);
}

static void
test_only_a_plain_file_is_read(void **state)
{
	struct place p;
	struct conf c;
	struct conf_error e;

	(void)state;
	place_make(&p, "");
	assert_int_equal(unlink(p.path), 0);
	assert_int_equal(symlink("/etc/passwd", p.path), 0);
	assert_int_equal(conf_load(p.path, geteuid(), &alice, &c, &e), -ELOOP);
	assert_int_equal(unlink(p.path), 0);
	assert_int_equal(mkfifo(p.path, 0644), 0);
	assert_int_equal(conf_load(p.path, geteuid(), &alice, &c, &e),
	    -EPERM); /* and did not wait for a writer */
	place_remove(&p);
}

static void
test_groups_of_the_system(void **state)
{
	gid_t gid = 77;

	(void)state;
	assert_int_equal(conf_group_gid(NULL, "root", &gid), 0);
	assert_int_equal(gid, 0);
	assert_int_equal(conf_group_gid(NULL, "no such group", &gid), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_empty_file_leaves_the_defaults),
	    cmocka_unit_test(test_every_setting_is_read),
	    cmocka_unit_test(test_the_nearer_section_wins_wherever_it_stands),
	    cmocka_unit_test(test_lists_add_up),
	    cmocka_unit_test(test_causes_follow_on_failure),
	    cmocka_unit_test(test_blanks_comments_and_line_ends),
	    cmocka_unit_test(test_numbers_and_their_limits),
	    cmocka_unit_test(test_mistakes_are_named),
	    cmocka_unit_test(test_nul_bytes_and_long_lines),
	    cmocka_unit_test(test_too_much_of_a_list),
	    cmocka_unit_test(test_a_judge_sees_every_section),
	    cmocka_unit_test(test_values_are_shown_as_they_are_written),
	    cmocka_unit_test(test_a_file_is_loaded),
	    cmocka_unit_test(test_a_file_others_can_change_is_refused),
	    cmocka_unit_test(test_only_a_plain_file_is_read),
	    cmocka_unit_test(test_groups_of_the_system),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
