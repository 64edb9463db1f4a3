/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "judge.h"

#include "replay/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAD "\xef\xbf\xbd"

struct row {
	const char *what;
	const char *in;
	const char *out; /* filter_end's bytes included */
	size_t n;        /* of in; 0: strlen */
};

static const struct row rows[] = {
    /* what draws passes */
    {"text", "hello, world", "hello, world"},
    {"UTF-8", "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\xa7",
	"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\xa7"},
    {"format effectors", "a\b\t\n\v\f\r", "a\b\t\n\v\f\r"},
    {"SGR", "\033[1;31mx", "\033[1;31mx\033[m"},
    {"SGR with subparameters", "\033[38:2::1:2:3mx", "\033[38:2::1:2:3mx\033[m"},
    {"SGR left out parameters", "\033[;4m", "\033[;4m\033[m"},
    {"cursor", "\033[A\033[2B\033[3C\033[4D\033[5;6H\033[7;8f\033[9G\033[10d",
	"\033[A\033[2B\033[3C\033[4D\033[5;6H\033[7;8f\033[9G\033[10d"},
    {"erase", "\033[J\033[1J\033[2J\033[K\033[1K\033[3X",
	"\033[J\033[1J\033[2J\033[K\033[1K\033[3X"},
    {"insert and delete", "\033[2@\033[3P\033[4L\033[5M", "\033[2@\033[3P\033[4L\033[5M"},
    {"scroll", "\033[2S\033[3T\033D\033M\033E", "\033[2S\033[3T\033D\033M\033E"},
    {"region", "\033[2;5r", "\033[2;5r\0337\033[r\0338"},
    {"save and restore", "\0337\0338\033[s\033[u", "\0337\0338\0337\0338\033[m\0337"},
    {"restore of what was never saved", "x\0338", "x\033[H\033[m\033[m"},
    {"leaving the alternate screen twice", "\033[?1047l", ""},
    {"alternate screen", "\033[?1049hx\033[?1049l", "\033[?1049hx\033[?1049l\0337"},
    {"alternate screen left on", "\033[?1049hx", "\033[?1049hx\0337\033[?1049l\0337"},
    {"the old alternate screen left on", "\033[?47hx", "\033[?47hx\033[?47l"},
    {"cursor hidden", "\033[?25l", "\033[?25l\033[?25h"},
    {"autowrap off", "\033[?7l", "\033[?7l\033[?7h"},
    {"reverse screen", "\033[?5h", "\033[?5h\033[?5l"},
    {"origin", "\033[?6h", "\033[?6h\033[?6l\033[9999;1H"},
    {"insert mode", "\033[4h", "\033[4h\033[4l"},
    {"newline mode", "\033[20h", "\033[20h\033[20l"},
    {"margins", "\033[?69h\033[2;9s", "\033[?69h\033[2;9s\0337\033[?69l\0338"},
    {"line drawing", "\033(0q\033(B", "\033(0q\033(B\017\033(B\033)B"},
    {"shift out", "\033)0\016q\017", "\033)0\016q\017\017\033(B\033)B"},
    {"tab stops", "\033[3g\033H",
	"\033[3g\033H\0337\033[3g\033[9G\033H\033[17G\033H\033[25G\033H\033[33G\033H\0338"},
    {"repeat is spelled out", "x\033[5by\r\033[b", "xxxxxxy\ry"},
    {"repeat of nothing", "\033[5b", ""},
    {"alignment", "\033#8", "\033#8"},
    {"control inside a sequence", "\033[1\n;2H", "\n\033[1;2H"},
    {"several modes in one", "\033[?25;1000;7l", "\033[?25l\033[?7l\033[?7h\033[?25h"},

    /* translated */
    {"RIS", "\033c", "\033[H\033[2J"},
    {"RIS puts modes back", "\033[31m\033[?25l\033cx",
	"\033[31m\033[?25l\033[m\033[?25h\033[H\033[2Jx\033[m\033[?25h"},
    {"DECSTR", "\033[4h\033[!px", "\033[4h\033[4lx\033[4l"},
    {"other character sets are ASCII", "\033(A\033)K", "\033(B\033)B\017\033(B\033)B"},
    {"selective erase", "\033[?2J\033[?K", "\033[2J\033[K"},

    /* dropped: strings */
    {"title", "a\033]0;evil\ab", "ab"},
    {"title with ST", "a\033]2;evil\033\\b", "ab"},
    {"palette", "a\033]4;1;rgb:ff/00/00\ab", "ab"},
    {"colour query", "a\033]10;?\ab", "ab"},
    {"hyperlink", "a\033]8;;http://evil\033\\b\033]8;;\033\\c", "abc"},
    {"clipboard", "a\033]52;c;cm0gLXJmIC8K\ab", "ab"},
    {"shell integration", "a\033]133;A\ab\033]633;A\ac\033]7;file://x\ad", "abcd"},
    {"iTerm image", "a\033]1337;File=inline=1:AAAA\ab", "ab"},
    {"OSC ends at U+009C",
	"a\033]0;evil\xc2\x9c"
	"b",
	"ab"},
    {"9C inside a character ends nothing", "a\033]0;\xe2\x9c\x93 evil\ab", "ab"},
    {"DCS", "a\033P$qm\033\\b", "ab"},
    {"XTGETTCAP", "a\033P+q544e\033\\b", "ab"},
    {"sixel", "a\033Pq#0;2;0;0;0~~\033\\b", "ab"},
    {"ReGIS", "a\033PpP[0,0]V[100,100]\033\\b", "ab"},
    {"BEL does not end a DCS", "a\033Pq\aevil\033\\b", "ab"},
    {"user keys", "a\033P1;1|17/41\033\\b", "ab"},
    {"APC, Kitty image", "a\033_Gf=24;AAAA\033\\b", "ab"},
    {"PM", "a\033^evil\033\\b", "ab"},
    {"SOS", "a\033Xevil\033\\b", "ab"},
    {"screen's title", "a\033kevil\033\\b", "ab"},
    {"nested strings", "a\033P\033]52;c;AAAA\ab\033\\c", "abc"},
    {"tmux passthrough", "a\033Ptmux;\033\033]52;c;AAAA\a\033\\b", "ab"},
    {"a string cut off by CAN", "a\033]0;evil\030b", "ab"},
    {"a string cut off by SUB", "a\033P1evil\032b", "ab"},
    {"a string cut off by a sequence", "a\033]0;evil\033[mb", "a\033[mb\033[m"},

    /* dropped: questions, and what changes more than the picture */
    {"DA", "a\033[c\033[0c\033[>c\033[=cb", "ab"},
    {"DECID", "a\033Zb", "ab"},
    {"DSR", "a\033[5n\033[6n\033[?6n\033[?996nb", "ab"},
    {"DECRQM", "a\033[?2026$p\033[4$pb", "ab"},
    {"DECREQTPARM", "a\033[xb", "ab"},
    {"XTVERSION", "a\033[>qb", "ab"},
    {"ENQ", "a\005b", "ab"},
    {"window reports", "a\033[18t\033[21t\033[8;50;50t\033[22;0t\033[>1tb", "ab"},
    {"graphics query", "a\033[?1;1;0Sb", "ab"},
    {"media copy", "a\033[5i\033[?5i\033[4ib", "ab"},
    {"keyboard LEDs", "a\033[1qb", "ab"},
    {"mouse",
	"a\033[?9h\033[?1000h\033[?1002h\033[?1003h\033[?1005h\033[?1006h\033[?1015h\033[?1016hb",
	"ab"},
    {"highlight tracking", "a\033[1;2;3;4;5Tb", "ab"},
    {"focus", "a\033[?1004hb", "ab"},
    {"bracketed paste", "a\033[?2004hb", "ab"},
    {"cursor keys and keypad", "a\033[?1h\033=\033[?66h\033>b", "ab"},
    {"alternate scroll", "a\033[?1007hb", "ab"},
    {"132 columns", "a\033[?40h\033[?3hb", "ab"},
    {"synchronized output", "a\033[?2026hb", "ab"},
    {"saved modes", "a\033[?1049s\033[?1049rb", "ab"},
    {"kitty keyboard", "a\033[>1u\033[=1;1u\033[<u\033[?u\033[97;5ub", "ab"},
    {"modifyOtherKeys", "a\033[>4;2mb", "ab"},
    {"keyboard lock", "a\033[2hb", "ab"},
    {"cursor shape", "a\033[5 qb", "ab"},
    {"scrollback", "a\033[3Jb", "ab"},
    {"rectangles", "a\033[1;1;5;5;1;1;1;1$v\033[2*xb", "ab"},
    {"checksum of a rectangle", "a\033[1;1;1;1;1;1*yb", "ab"},
    {"conformance level", "a\033[62;1\"p\033[1\"qb", "ab"},
    {"self test", "a\033[2;1yb", "ab"},
    {"double width", "a\033#3\033#6b", "ab"},
    {"locking shifts", "a\033n\033o\033|\033}\033~\033N\033Ob", "ab"},
    {"character sets of 96", "a\033-A\033.A\033/A\033*0\033+0b", "ab"},
    {"encodings", "a\033%@\033%Gb", "ab"},
    {"7-bit and 8-bit answers", "a\033 F\033 Gb", "ab"},
    {"memory lock", "a\033l\033mb", "ab"},
    {"BEL", "a\ab", "ab"},
    {"flow control and DEL", "a\021\023\177b", "ab"},
    {"NUL", "a\0b", "ab", 3},

    /* malformed */
    {"too many parameters", "a\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1mb", "ab"},
    {"as many as there may be", "\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1m",
	"\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1m\033[m"},
    {"huge numbers", "\033[99999999999999999999A", "\033[9999A"},
    {"subparameters where none belong", "a\033[1:2Hb", "ab"},
    {"a leader in the middle", "a\033[1?25hb", "ab"},
    {"two intermediates", "a\033[1 !pb", "ab"},
    {"a parameter after an intermediate", "a\033[!1pb", "ab"},
    {"CAN inside a sequence", "a\033[1\030mb", "amb"},
    {"ESC inside a sequence", "a\033[1\033[2Cb", "a\033[2Cb"},
    {"text inside a sequence", "a\033[1\xc3\xa9mb", "a\xc3\xa9mb"},
    {"an unfinished sequence", "a\033[1;3", "a"},
    {"an unfinished string", "a\033]0;evil", "a"},

    /* C1 and broken UTF-8 */
    {"CSI in eight bits",
	"a\x9b"
	"6nb",
	"a" BAD "6nb"},
    {"OSC in eight bits",
	"a\x9d"
	"52;c;A\x9c"
	"b",
	"a" BAD "52;c;A" BAD "b"},
    {"CSI in UTF-8",
	"a\xc2\x9b"
	"6nb",
	"a" BAD "6nb"},
    {"DCS in UTF-8",
	"a\xc2\x90"
	"q\xc2\x9c"
	"b",
	"a" BAD "q" BAD "b"},
    {"C1 inside a sequence",
	"a\033[1\xc2\x9b"
	"6nb",
	"a" BAD "6nb"},
    {"Latin-1", "caf\xe9 au", "caf" BAD " au"},
    {"overlong",
	"a\xc0\x9b\xe0\x82\x9b"
	"b",
	"a" BAD BAD BAD BAD BAD "b"},
    {"surrogate",
	"a\xed\xa0\x80"
	"b",
	"a" BAD BAD BAD "b"},
    {"beyond Unicode",
	"a\xf4\x90\x80\x80"
	"b",
	"a" BAD BAD BAD BAD "b"},
    {"a character cut off by a sequence", "a\xe2\x82\033[2C", "a" BAD "\033[2C"},
    {"an overlong escape", "a\xc0\x9b[6n", "a" BAD BAD "[6n"},
};

static void
row_check(const struct row *r, size_t piece)
{
	size_t n = r->n ? r->n : strlen(r->in), len;
	uint8_t *out = judge_filtered((const uint8_t *)r->in, n, piece, &len);
	const char *wrong = judge_stream((const uint8_t *)r->in, n, piece);

	if (len != strlen(r->out) || memcmp(out, r->out, len))
		fail_msg("%s, in pieces of %zu: got \"%s\"", r->what, piece, (char *)out);
	if (wrong)
		fail_msg("%s, in pieces of %zu: %s", r->what, piece, wrong);
	free(out);
}

static void
test_every_class_of_sequence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		row_check(&rows[i], 4096);
		row_check(&rows[i], 1);
		row_check(&rows[i], 3);
	}
}

/* Whatever a sequence is that is let through, it must not be an answering one: all of ESC and CSI
 * is tried. */
static void
test_every_short_sequence(void **state)
{
	static const char leaders[] = {0, '<', '=', '>', '?'};
	static const char inters[] = {
	    0, ' ', '!', '"', '#', '$', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/'};
	static const char *const args[] = {
	    "", "0", "1", "2", "5", "6", "18", "21", "1;2", "1;1;1;1", "1;2;3;4;5"};

	(void)state;
	for (size_t l = 0; l < sizeof leaders; l++)
		for (size_t i = 0; i < sizeof inters; i++)
			for (size_t a = 0; a < sizeof args / sizeof *args; a++)
				for (int final = 0x40; final < 0x7f; final++) {
					char seq[64], lead[2] = {leaders[l]},
						      inter[2] = {inters[i]};
					int n = snprintf(seq, sizeof seq, "\033[%s%s%s%c", lead,
					    args[a], inter, final);
					const char *wrong =
					    judge_stream((uint8_t *)seq, (size_t)n, 64);

					if (wrong)
						fail_msg("CSI%s: %s", seq + 1, wrong);
				}
	for (size_t i = 0; i < sizeof inters; i++)
		for (int final = 0x30; final < 0x7f; final++) {
			char seq[64], inter[2] = {inters[i]};
			int n = snprintf(seq, sizeof seq, "\033%s%cab;?\a\033\\", inter, final);
			const char *wrong = judge_stream((uint8_t *)seq, (size_t)n, 64);

			if (wrong)
				fail_msg("ESC %s: %s", seq + 1, wrong);
		}
}

static void
test_every_mode_is_undone_or_dropped(void **state)
{
	(void)state;
	for (int mode = 0; mode < 3000; mode++) {
		char seq[64];
		int n =
		    snprintf(seq, sizeof seq, "\033[?%dhab\0337\033[?%dl\033[%dhcd\0337\033[?%dh",
			mode, mode, mode < 100 ? mode : 0, mode);
		const char *wrong = judge_stream((uint8_t *)seq, (size_t)n, 64);

		if (wrong)
			fail_msg("mode %d: %s", mode, wrong);
	}
}

/* Streams made of the pieces that matter, in random order, split at random; the judge has the last
 * word. */
static void
test_random_streams(void **state)
{
	static const char *const parts[] = {"\033", "\033[", "\033]", "\033P", "\033_", "\033^",
	    "\033X", "\033k", "\x9b", "\xc2\x9b", "\xc2\x9d", "\xc2\x90", "\xc2\x9c", "\x9c",
	    "\033\\", "\a", "\030", "\032", "?", ">", "=", "<", ";", ":", "1", "6", "25", "52;c;",
	    "1000", "1049", "2004", "47", "69", "h", "l", "n", "c", "m", "H", "r", "s", "u", "t",
	    "q", "p", "$", " ", "!", "\"", "#", "(", ")", "0", "B", "8", "7", "Z", "\016", "\017",
	    "\n", "\r", "\t", "\b", "\005", "\0", "abc", "\xe2\x82", "\xac", "\xf0", "\xff",
	    "\033[?1049h", "\033[?6h", "\033[2;3r", "\033[?69h", "\033[4h", "\0337", "\0338",
	    "\033[31m", "\033(0", "\033H", "\033[3g", "\033c", "\033[!p", "\033[?1049l", "\033[20h",
	    "\033[5;30H"};
	unsigned long seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint8_t in[512];
		size_t n = 0, whole, split;
		uint8_t *a, *b;
		const char *wrong;

		for (int i = 0; i < 40; i++) {
			const char *p;

			seed = seed * 6364136223846793005u + 1442695040888963407u;
			p = parts[(seed >> 33) % (sizeof parts / sizeof *parts)];
			memcpy(in + n, p, strlen(p) + !*p);
			n += strlen(p) + !*p;
		}
		a = judge_filtered(in, n, n, &whole);
		b = judge_filtered(in, n, 1 + (seed >> 40) % 5, &split);
		assert_int_equal(whole, split);
		assert_memory_equal(a, b, whole);
		wrong = judge_stream(in, n, n);
		if (wrong) {
			for (size_t i = 0; i < n; i++)
				fprintf(stderr, in[i] >= 0x20 && in[i] < 0x7f ? "%c" : "\\x%02x",
				    in[i]);
			fail_msg("round %d: %s", round, wrong);
		}
		free(a);
		free(b);
	}
}

static void
append(void *to, const char *bytes, size_t n)
{
	strncat(to, bytes, n);
}

/* What comes out holds no byte of the kinds that could do harm, whatever terminal it is. */
static void
test_ascii_terminal_gets_ascii(void **state)
{
	struct filter f;
	const uint8_t in[] = "\xc4\x9b \x9b"
			     "6n \xc2\x9b"
			     "6n";
	char out[64] = {0};

	(void)state;
	filter_init(&f, 80, true);
	filter_feed(&f, in, sizeof in - 1, append, out);
	assert_string_equal(out, "? ?6n ?6n");
}

/* A judge that never says no would be none: without the filter each of these is found out. */
static void
test_the_judge_sees(void **state)
{
	static const char *const bad[] = {"\033]0;t\a", "\033[6n", "\033[c", "\033[?1000h",
	    "\033[?2004h", "\033[?1h", "\033=", "\a", "\033[5 q", "\033P$qm\033\\",
	    "\033]52;c;AA\a", "\033[2;5r", "\033[4h", "\033[20h", "\033[?7l", "\033(0",
	    "\016\033)0", "\033[3g", "\033[31m", "\033[?1004h", "\033[?69h\033[2;9s"};

	(void)state;
	assert_null(judge_unfiltered((const uint8_t *)"text\r\n\033[5;5H", 12));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!judge_unfiltered((const uint8_t *)bad[i], strlen(bad[i])))
			fail_msg("the judge let ESC %s pass", bad[i] + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_judge_sees),
	    cmocka_unit_test(test_every_class_of_sequence),
	    cmocka_unit_test(test_every_short_sequence),
	    cmocka_unit_test(test_every_mode_is_undone_or_dropped),
	    cmocka_unit_test(test_random_streams),
	    cmocka_unit_test(test_ascii_terminal_gets_ascii),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
