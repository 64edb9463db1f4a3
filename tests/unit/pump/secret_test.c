/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prompts as programs print them, in one piece and in single bytes; and what must not be taken for
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pump/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int
setup(void **state)
{
	char why[128];

	return secret_new((struct secret **)state, NULL, NULL, why, sizeof why);
}

static int
teardown(void **state)
{
	secret_free(*state);
	return 0;
}

static bool
asks(struct secret *s, const char *text, size_t piece)
{
	const uint8_t *p = (const uint8_t *)text;

	secret_output(s, (const uint8_t *)"\033[0m\r\n", 6);
	for (size_t left = strlen(text); left > 0;) {
		size_t n = piece < left ? piece : left;

		secret_output(s, p, n);
		p += n;
		left -= n;
	}
	return secret_asked(s, false);
}

static void
test_prompts_are_known(void **state)
{
	static const char *const prompts[] = {
	    "Password: ",
	    "Password:",
	    "[sudo] password for bob: ",
	    "[sudo] Passwort für bob: ",
	    "[sudo] Mot de passe de bob : ",
	    "[sudo] contraseña para bob: ",
	    "[sudo] senha para bob: ",
	    "[sudo] hasło użytkownika bob: ",
	    "[sudo] heslo pro bob: ",
	    "[sudo] пароль для bob: ",
	    "[sudo] пароль до bob: ",
	    "[sudo] wachtwoord voor bob: ",
	    "[sudo] lösenord för bob: ",
	    "[sudo] adgangskode for bob: ",
	    "[sudo] passord for bob: ",
	    "[sudo] password di bob: ",
	    "[sudo] bob 的密码：",
	    "[sudo] bob のパスワード: ",
	    "[sudo] bob의 암호: ",
	    "[sudo] bob için parola: ",
	    "[sudo] parola pentru bob: ",
	    "[sudo] jelszó bob részére: ",
	    "[sudo] bob salasana: ",
	    "[sudo] συνθηματικό του/της bob: ",
	    "[sudo] лозинка за bob: ",
	    "[sudo] geslo za bob: ",
	    "[sudo] zaporka za bob: ",
	    "[sudo] mật khẩu cho bob: ",
	    "[sudo] contrasenya per a bob: ",
	    "[sudo] bob erabiltzailearen pasahitza: ",
	    "bob@host's password: ",
	    "Enter passphrase for key '/home/bob/.ssh/id_ed25519': ",
	    "(current) UNIX password: ",
	    "Retype new password: ",
	    "Verification code: ",
	    "Enter PIN for 'token': ",
	    "Enter pass phrase for key.pem:",
	    "Enter passphrase: ***",
	    "\033[1mPasswort\033[0m: ",
	    "Password: ***\b \b",
	    "read> ",
	    "read> ●●●",
	    "\033[32mread\033(B\033[m> \033[K\r\033[6C●",
	    "x\rPassword: ",
	    "Password for user postgres: ",
	    "🔐 Please enter passphrase for disk sda (crypt): •••",
	};

	for (size_t i = 0; i < sizeof prompts / sizeof *prompts; i++)
		for (size_t piece = 1; piece < 200; piece += 63)
			if (!asks(*state, prompts[i], piece))
				fail_msg("not known: %s", prompts[i]);
}

static void
test_other_lines_are_not(void **state)
{
	static const char *const lines[] = {
	    "bob@host:~$ ",
	    "bob@host:~$ echo Password: ",
	    "root@host ~# mysql --password: ",
	    "user@host ~> set password: ",
	    ">>> getpass('Password: ",
	    "Password changed.",
	    "Login: ",
	    "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
	    "Name: ",
	    "Password: \033[2K\rName: ",
	    "/password:/d",
	    "~/passwords",
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		for (size_t piece = 1; piece < 200; piece += 63)
			if (asks(*state, lines[i], piece))
				fail_msg("taken for a prompt: %s", lines[i]);
}

static void
test_a_prompt_that_went_by_counts_while_watched(void **state)
{
	struct secret *s = *state;
	const char *text = "\r\nPassword: ***\r\nwelcome\r\n$ ";

	secret_output(s, (const uint8_t *)text, strlen(text));
	assert_false(secret_asked(s, false));
	secret_watch(s, true);
	secret_output(s, (const uint8_t *)text, strlen(text));
	assert_true(secret_asked(s, false));
	assert_false(secret_asked(s, false));
}

static void
out(struct secret *s, const char *text)
{
	secret_output(s, (const uint8_t *)text, strlen(text));
}

/* Where a terminal echoes, what it shows behind a prompt does not take the prompt away. */
static void
test_a_prompt_stands_to_the_end_of_its_line_where_a_terminal_echoes(void **state)
{
	struct secret *s = *state;

	secret_watch(s, true);
	out(s, "Password: ");
	assert_true(secret_asked(s, true));
	out(s, "hun");
	assert_false(secret_asked(s, false));
	assert_true(secret_asked(s, true));
	out(s, "ter2\r\nwelcome\r\n");
	assert_true(secret_asked(s, true));
	assert_false(secret_asked(s, true));
	out(s, "Password: hunter2");
	assert_false(secret_asked(s, true)); /* it was there at once */
	out(s, "\r\nPassword: ");
	assert_true(secret_asked(s, true));
	out(s, "h\033[2K\rName: ");
	assert_false(secret_asked(s, true));
	out(s, "\r\nPassword: ");
	assert_true(secret_asked(s, true));
	out(s, "\rName: ");
	assert_false(secret_asked(s, true));
}

static void
test_processes_are_known_by_name(void **state)
{
	assert_true(secret_process(*state, "sudo"));
	assert_true(secret_process(*state, "pinentry-curses"));
	assert_false(secret_process(*state, "bash"));
	assert_false(secret_process(*state, "sudoku"));
	assert_false(secret_process(*state, NULL));
}

static void
test_bad_patterns_are_refused_with_the_reason(void **state)
{
	const char *const bad[] = {"fine", "(open", NULL}, *const none[] = {NULL};
	struct secret *s;
	char why[128] = "";

	(void)state;
	assert_int_equal(secret_new(&s, bad, none, why, sizeof why), -EINVAL);
	assert_null(s);
	assert_non_null(strstr(why, "pattern 2"));
	assert_int_equal(secret_new(&s, none, none, why, sizeof why), 0);
	assert_false(asks(s, "Password: ", 100));
	secret_free(s);
}

static void
test_a_pattern_that_runs_wild_counts_as_a_match(void **state)
{
	const char *const wild[] = {"^(a|aa)+$", NULL};
	struct secret *s;
	char why[128], text[400];

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	text[sizeof text - 2] = 'c';
	assert_int_equal(secret_new(&s, wild, NULL, why, sizeof why), 0);
	assert_true(asks(s, text, 100));
	assert_false(asks(s, "b", 1));
	secret_free(s);
}

/* As pinentry-curses draws it: the prompt first, then the buttons, then the cursor goes back. */
static void
test_a_field_to_be_filled_in_asks_until_its_screen_is_left(void **state)
{
	struct secret *s = *state;

	out(s, "\033[?1049h\033[H\033[2J\033[9;13H\033(0lqqqk\033[13;13Hx\033(B Passphrase: "
	       "____________ ");
	assert_false(secret_asked(s, false)); /* the cursor is still behind it */
	out(s, "\033(0x\033[15;15H\033(B<OK>");
	assert_true(secret_asked(s, false));
	out(s, "\033[13;27H");
	assert_true(secret_asked(s, false));
	out(s, "**\b_\b");
	assert_true(secret_asked(s, false));
	out(s, "\033[24;1H\033[?1049l\r");
	assert_false(secret_asked(s, false));
	out(s, "\033[H\033[2JName: ____________ \033[5;5H");
	assert_false(secret_asked(s, false));
	out(s, "\033[HPIN: ____________ \033[5;5H");
	assert_true(secret_asked(s, false));
	out(s, "\r\n");
	assert_false(secret_asked(s, false));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_prompts_are_known),
	    TEST(test_other_lines_are_not),
	    TEST(test_a_prompt_that_went_by_counts_while_watched),
	    TEST(test_a_field_to_be_filled_in_asks_until_its_screen_is_left),
	    TEST(test_a_prompt_stands_to_the_end_of_its_line_where_a_terminal_echoes),
	    TEST(test_processes_are_known_by_name),
	    cmocka_unit_test(test_bad_patterns_are_refused_with_the_reason),
	    cmocka_unit_test(test_a_pattern_that_runs_wild_counts_as_a_match),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
