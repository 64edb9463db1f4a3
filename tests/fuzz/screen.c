/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording's output and window sizes on the emulated screen, drawn in a window, and returned to an earlier moment. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "replay/finder.h"
#include "replay/render.h"
#include "replay/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
frame(struct render *r, const struct screen *s)
{
	struct buffer out = {0};

	render_frame(r, s, "status", -1, &out);
	for (size_t i = 0; i < out.len; i++) /* nothing but what render.h says */
		if ((unsigned char)out.data[i] < 0x20 && out.data[i] != '\033')
			abort();
	buffer_free(&out);
}

/* 0xff COLS ROWS is a resize, 0xfe keeps a moment, 0xfd returns to it; the rest is output. */
static size_t
step(struct screen *s, struct screen_moment **m, const uint8_t *p, size_t n)
{
	size_t run = 0;

	if (*p == 0xff && n >= 3) {
		screen_resize(s, p[1] * 4u, p[2]);
		return 3;
	}
	if (*p == 0xfe) {
		screen_moment_free(*m);
		*m = screen_save(s);
		return 1;
	}
	if (*p == 0xfd && *m) {
		screen_restore(s, *m);
		return 1;
	}
	do
		run++;
	while (run < n && p[run] < 0xfd);
	screen_feed(s, p, run);
	return run;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct screen *s = screen_new(20, 6);
	struct screen_moment *m = NULL;
	struct render *r = render_new(false);
	char wrong[128];
	struct finder *f = finder_new("ab", false, wrong, sizeof wrong);

	if (!s || !r || !f || render_resize(r, 13, 5) != 0)
		abort();
	finder_attach(f, s);
	for (size_t i = 0; i < size;) {
		i += step(s, &m, data + i, size - i);
		finder_check(f);
		frame(r, s);
	}
	finder_free(f);
	render_free(r);
	screen_moment_free(m);
	screen_free(s);
	return 0;
}
