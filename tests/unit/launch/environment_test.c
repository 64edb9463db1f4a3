/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "launch/environment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* In the process with the environment under test: what is taken is what the kernel was given. */
static int
compare(void)
{
	struct environment env;
	size_t i;

	if (environment_take(&env) != 0)
		return 2;
	for (i = 0; environ[i] != NULL; i++)
		if (env.envp[i] == NULL || strcmp(env.envp[i], environ[i]) != 0)
			return 3;
	if (env.envp[i] != NULL)
		return 4;
	environment_free(&env);
	environment_free(&env);
	return env.envp == NULL && env.text == NULL ? 0 : 5;
}

static int
status_with(char **envp)
{
	char *argv[] = {(char *)"environment_test", (char *)"--compare", NULL};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execve("/proc/self/exe", argv, envp);
		_exit(126);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
test_nothing(void **state)
{
	char *envp[] = {NULL};

	(void)state;
	assert_int_equal(status_with(envp), 0);
}

static void
test_every_kind_of_entry(void **state)
{
	char *envp[] = {(char *)"A=1", (char *)"A=2", (char *)"no equals sign", (char *)"=x",
	    (char *)"", (char *)"B=a\nb\x1b[m\xff\xfe", (char *)"TMPDIR=/x", (char *)"", NULL};

	(void)state;
	assert_int_equal(status_with(envp), 0);
}

/* execve(2): one string is at most 128 KiB; they may add up to far more than one read gives. */
static void
test_much(void **state)
{
	enum {
		EACH = 100000,
		COUNT = 12
	};
	char *envp[COUNT + 1] = {NULL};

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		envp[i] = malloc(EACH + 1);
		assert_non_null(envp[i]);
		memset(envp[i], 'a' + i, EACH);
		envp[i][1] = '=';
		envp[i][EACH] = '\0';
	}
	assert_int_equal(status_with(envp), 0);
	for (int i = 0; i < COUNT; i++)
		free(envp[i]);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_every_kind_of_entry),
	    cmocka_unit_test(test_much),
	};

	if (argc > 1 && strcmp(argv[1], "--compare") == 0)
		return compare();
	return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
