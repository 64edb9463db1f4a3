/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_FILTER_PARTS_H
#define REPLAY_FILTER_PARTS_H

#include "replay/filter.h"

/* The filter's inside, shared by filter*.c alone. */

#define COLS_MAX 1000

enum state {
	GROUND,
	ESCAPE,
	ESCAPE_INTER,
	CSI,
	CSI_INTER,
	CSI_SKIP,
	STRING
};

/* What outlives the replay unless it is put back. Never cleared in between: a saved cursor can
 * bring it back. */
enum touched {
	TOUCHED_PEN = 1 << 0,
	TOUCHED_CHARSET = 1 << 1,
	TOUCHED_REGION = 1 << 2,
	TOUCHED_TABS = 1 << 3,
	TOUCHED_SAVED = 1 << 4,
	TOUCHED_INSERT = 1 << 5,
	TOUCHED_NEWLINE = 1 << 6,
	TOUCHED_REVERSE = 1 << 7,
	TOUCHED_ORIGIN = 1 << 8,
	TOUCHED_WRAP = 1 << 9,
	TOUCHED_CURSOR = 1 << 10,
	TOUCHED_MARGINS = 1 << 11,
};

struct out {
	filter_put *put;
	void *to;
	size_t n;
	char buf[512];
};

/* filter_out.c: what is on its way out, and what undoes it. */
void filter_out_flush(struct out *);
void filter_out_bytes(struct out *, const char *bytes, size_t n);
void filter_out_string(struct out *, const char *s);
void filter_out_format(struct out *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void filter_out_point(const struct filter *, struct out *, uint32_t point);
void filter_event_tell(const struct filter *, struct out *, enum filter_event);
void filter_modes_restore(const struct filter *, struct out *);
void filter_terminal_soft_reset(struct filter *, struct out *);

/* filter_csi.c: control sequences, and the allow-list of them. */
void filter_csi_begin(struct filter *);
void filter_csi_point(struct filter *, struct out *, uint32_t c);
void filter_cursor_save(struct filter *, struct out *);
void filter_cursor_restore(struct filter *, struct out *);

#endif
