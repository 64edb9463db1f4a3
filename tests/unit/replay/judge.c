/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge.h"

#include "replay/filter.h"

#include <stdlib.h>
#include <string.h>
#include <vterm.h>

enum {
	ROWS = 12,
	COLS = 40
};

struct judge {
	VTerm *vt;
	VTermScreen *screen;
	const char *wrong;
	char keys[4096]; /* what the emulator sent; during the stream nothing may come */
	size_t n_keys;
	int may_send;
};

static void
on_output(const char *s, size_t len, void *user)
{
	struct judge *j = user;

	if (!j->may_send)
		j->wrong = "the terminal answered";
	if (len > sizeof j->keys - j->n_keys)
		len = sizeof j->keys - j->n_keys;
	memcpy(j->keys + j->n_keys, s, len);
	j->n_keys += len;
}

static int
on_property(VTermProp prop, VTermValue *value, void *user)
{
	struct judge *j = user;

	if (prop == VTERM_PROP_TITLE)
		j->wrong = "the title was set";
	if (prop == VTERM_PROP_ICONNAME)
		j->wrong = "the icon name was set";
	if (prop == VTERM_PROP_MOUSE)
		j->wrong = "the mouse mode was set";
	/* DECRC sets it too, to the 0 or 1 it has had all along. */
	if (prop == VTERM_PROP_CURSORSHAPE && value->number > VTERM_PROP_CURSORSHAPE_BLOCK)
		j->wrong = "the cursor's shape was set";
	return 1;
}

static int
on_bell(void *user)
{
	((struct judge *)user)->wrong = "the bell rang";
	return 1;
}

static int
on_unknown_osc(const char *command, size_t len, void *user)
{
	(void)command, (void)len;
	((struct judge *)user)->wrong = "an OSC arrived";
	return 1;
}

static int
on_unknown_dcs(const char *command, size_t len, void *user)
{
	(void)command, (void)len;
	((struct judge *)user)->wrong = "a DCS arrived";
	return 1;
}

static int
on_unknown_csi(
    const char *leader, const long args[], int n, const char *inter, char final, void *user)
{
	(void)args, (void)n, (void)leader, (void)inter;
	/* CBT and friends are there; what libvterm doesn't know of the allow-list is named here. */
	if (!strchr("bIgSTm`aehlJK", final))
		((struct judge *)user)->wrong = "a sequence arrived that no terminal draws with";
	return 1;
}

static int
on_unknown_control(unsigned char control, void *user)
{
	(void)control;
	((struct judge *)user)->wrong = "a control arrived that draws nothing";
	return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = on_property, .bell = on_bell};
static const VTermParserCallbacks fallbacks = {.osc = on_unknown_osc,
    .dcs = on_unknown_dcs,
    .csi = on_unknown_csi,
    .control = on_unknown_control};

static void
judge_open(struct judge *j)
{
	memset(j, 0, sizeof *j);
	j->vt = vterm_new(ROWS, COLS);
	vterm_set_utf8(j->vt, 1);
	j->screen = vterm_obtain_screen(j->vt);
	vterm_screen_enable_altscreen(j->screen, 1);
	vterm_screen_reset(j->screen, 1);
	vterm_screen_set_callbacks(j->screen, &callbacks, j);
	vterm_screen_set_unrecognised_fallbacks(j->screen, &fallbacks, j);
	vterm_output_set_callback(j->vt, on_output, j);
}

/* Draws something that every lasting mode would change, and presses keys that every input mode
 * would. */
static void
judge_probe(struct judge *j)
{
	static const char drawing[] = "\033[H\033[2J\tone\ttwo\r\nqqxx lqk\r\nlong line that has "
				      "to wrap at the right margin of it all\r\n"
				      "a\nb\r\033[3Cinsert\r\033[8;1Hoverwritten\033[8;3HXY\033[5;"
				      "3Hcursor\0337\033[1;31mred\033["
				      "m\033[12;1Hlast\n\n\nscrolled\r\nend";

	vterm_input_write(j->vt, drawing, sizeof drawing - 1);
	j->may_send = 1;
	vterm_keyboard_key(j->vt, VTERM_KEY_UP, VTERM_MOD_NONE);
	vterm_keyboard_key(j->vt, VTERM_KEY_HOME, VTERM_MOD_NONE);
	vterm_keyboard_key(j->vt, VTERM_KEY_ENTER, VTERM_MOD_NONE);
	vterm_keyboard_key(j->vt, VTERM_KEY_KP_5, VTERM_MOD_NONE);
	vterm_keyboard_unichar(j->vt, 'a', VTERM_MOD_CTRL);
	vterm_keyboard_start_paste(j->vt);
	vterm_keyboard_end_paste(j->vt);
	vterm_mouse_move(j->vt, 3, 3, VTERM_MOD_NONE);
	vterm_mouse_button(j->vt, 1, true, VTERM_MOD_NONE);
	vterm_state_focus_in(vterm_obtain_state(j->vt));
}

static int
attributes_equal(const VTermScreenCellAttrs *a, const VTermScreenCellAttrs *b)
{
	return a->bold == b->bold && a->underline == b->underline && a->italic == b->italic &&
	       a->blink == b->blink && a->reverse == b->reverse && a->strike == b->strike &&
	       a->font == b->font && a->dwl == b->dwl && a->dhl == b->dhl;
}

static const char *
cells_differ(const struct judge *a, const struct judge *b)
{
	for (int row = 0; row < ROWS; row++)
		for (int col = 0; col < COLS; col++) {
			VTermScreenCell x = {{0}}, y = {{0}}; /* chars end at the first 0 */
			VTermPos at = {row, col};

			vterm_screen_get_cell(a->screen, at, &x);
			vterm_screen_get_cell(b->screen, at, &y);
			if (memcmp(x.chars, y.chars, sizeof x.chars))
				return "a mode is left that changes what is drawn where";
			if (!attributes_equal(&x.attrs, &y.attrs) ||
			    !vterm_color_is_equal(&x.fg, &y.fg) ||
			    !vterm_color_is_equal(&x.bg, &y.bg))
				return "an attribute is left on";
		}
	return NULL;
}

static const char *
judge_compare(struct judge *j)
{
	struct judge fresh;
	const char *wrong;

	judge_open(&fresh);
	judge_probe(&fresh);
	judge_probe(j);
	wrong = cells_differ(j, &fresh);
	if (!wrong && (j->n_keys != fresh.n_keys || memcmp(j->keys, fresh.keys, j->n_keys)))
		wrong = "a mode is left that changes what a key sends";
	vterm_free(fresh.vt);
	return wrong;
}

static void
to_judge(void *to, const char *bytes, size_t n)
{
	struct judge *j = to;

	vterm_input_write(j->vt, bytes, n);
}

const char *
judge_stream(const uint8_t *in, size_t n, size_t piece)
{
	struct judge j;
	struct filter f;
	const char *wrong;

	judge_open(&j);
	filter_init(&f, COLS, false);
	for (size_t i = 0; i < n; i += piece)
		filter_feed(&f, in + i, n - i < piece ? n - i : piece, to_judge, &j);
	filter_end(&f, to_judge, &j);
	wrong = j.wrong ? j.wrong : judge_compare(&j);
	vterm_free(j.vt);
	return wrong;
}

const char *
judge_unfiltered(const uint8_t *in, size_t n)
{
	struct judge j;
	const char *wrong;

	judge_open(&j);
	to_judge(&j, (const char *)in, n);
	wrong = j.wrong ? j.wrong : judge_compare(&j);
	vterm_free(j.vt);
	return wrong;
}

struct bytes {
	uint8_t *data;
	size_t len;
};

static void
to_bytes(void *to, const char *bytes, size_t n)
{
	struct bytes *b = to;

	b->data = realloc(b->data, b->len + n + 1);
	if (!b->data)
		abort();
	memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = 0;
}

uint8_t *
judge_filtered(const uint8_t *in, size_t n, size_t piece, size_t *len)
{
	struct bytes b = {0};
	struct filter f;

	filter_init(&f, COLS, false);
	to_bytes(&b, "", 0);
	for (size_t i = 0; i < n; i += piece)
		filter_feed(&f, in + i, n - i < piece ? n - i : piece, to_bytes, &b);
	filter_end(&f, to_bytes, &b);
	*len = b.len;
	return b.data;
}
