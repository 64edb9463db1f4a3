/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_SPAN_H
#define REPLAY_SPAN_H

#include <stddef.h>
#include <stdint.h>

/* Times within a recording, as people write them: 90, 1:30, 1:02:03.5, 90s, 5m, 1h30m, +10, -1:30,
 * 50%. */

enum span_kind {
	SPAN_AT,
	SPAN_FORWARD,
	SPAN_BACK,
	SPAN_PERCENT
};

struct span {
	enum span_kind kind;
	int64_t ns;     /* not negative; at most SPAN_MAX_NS */
	double percent; /* 0..100 */
};

#define SPAN_MAX_NS (INT64_C(1000000000) * 1000000000)

/* Returns 0 or -EINVAL. */
int span_parse(const char *text, struct span *);
/* An absolute time only. Returns 0 or -EINVAL. */
int span_parse_at(const char *text, int64_t *ns);

/* "1:02:03", "2:03"; returns buf. size >= SPAN_TEXT. */
#define SPAN_TEXT 24
const char *span_format(int64_t ns, char *buf, size_t size);
/* With a tenth, rounded up: what happened at ns has happened by then. */
const char *span_format_fine(int64_t ns, char *buf, size_t size);

#endif
