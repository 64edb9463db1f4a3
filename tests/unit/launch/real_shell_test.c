/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "launch/real_shell.h"

#include <errno.h>
#include <string.h>

/* A made-up file system: /usr/bin/ttywrap is inode 7 of device 1, /link and /hard lead there too.
 */
static int
fake_identify(void *arg, const char *path, struct real_shell_id *id)
{
	static const struct {
		const char *path;
		struct real_shell_id id;
	} files[] = {{"/usr/bin/ttywrap", {1, 7}}, {"/link", {1, 7}}, {"/hard", {1, 7}},
	    {"/bin/bash", {1, 8}}, {"/bin/zsh", {2, 7}}, {"/bin/sh", {1, 9}}};

	(void)arg;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (strcmp(files[i].path, path) == 0) {
			*id = files[i].id;
			return 0;
		}
	return -ENOENT;
}

static void
test_choice(void **state)
{
	static const struct {
		const char *conf, *passwd, *shell;
		int result;
	} table[] = {
	    {"", "/bin/zsh", "/bin/zsh", 0}, /* ForceCommand; the inode alone is no identity */
	    {"/bin/zsh", "/bin/bash", "/bin/zsh", 0},
	    {"", "/usr/bin/ttywrap", "/bin/bash", 0}, /* login shell */
	    {"/bin/zsh", "/usr/bin/ttywrap", "/bin/zsh", 0},
	    {"", "/link", "/bin/bash", 0},
	    {"", "/hard", "/bin/bash", 0},
	    {"", "", "/bin/sh", 0},
	    {"", NULL, "/bin/sh", 0},
	    {"", "/gone", "/gone", 0}, /* execve says it */
	    {"", "/usr/local/bin/ttywrap", "/bin/bash",
		0}, /* an account that names the self_path, not there any more */
	    {"/usr/bin/ttywrap", "/bin/bash", NULL, -ELOOP},
	    {"/link", "/bin/bash", NULL, -ELOOP},
	    {"/hard", "/usr/bin/ttywrap", NULL, -ELOOP},
	    {"bash", "/bin/zsh", NULL, -EINVAL},
	    {"", "bash", NULL, -EINVAL},
	    {"", "/a/shell/with/a/path/that/does/not/fit", NULL, -EINVAL},
	};
	char out[24], err[128];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct real_shell_ask ask = {table[i].conf, table[i].passwd, {1, 7},
		    "/usr/local/bin/ttywrap", fake_identify, NULL};

		err[0] = '\0';
		assert_int_equal(
		    real_shell(&ask, out, sizeof out, err, sizeof err), table[i].result);
		if (table[i].result == 0)
			assert_string_equal(out, table[i].shell);
		else
			assert_string_not_equal(err, "");
	}
}

static void
test_bash_may_be_ttywrap_too(void **state)
{
	struct real_shell_ask ask = {"", "/link", {1, 8}, "/link", fake_identify, NULL};
	char out[24], err[128];

	(void)state;
	assert_int_equal(real_shell(&ask, out, sizeof out, err, sizeof err), -ELOOP);
	assert_string_equal(
	    err, "shell = /bin/bash is ttywrap itself; set 'shell' to a real shell");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_choice),
	    cmocka_unit_test(test_bash_may_be_ttywrap_too),
	};

	return cmocka_run_group_tests_name("real_shell", tests, NULL, NULL);
}
