/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_EXPORT_STREAM_H
#define REPLAY_EXPORT_STREAM_H

#include "replay/buffer.h"
#include "replay/export.h"

#include <stdint.h>

/* Shared by the formats that hold the stream of events. */

struct stream_out {
	struct buffer out, timing; /* to be written */
	const struct cast_header *header;
	int64_t last_ns;  /* the time of the event before */
	int64_t shown_ns; /* ... of the output before */
};

struct stream_format {
	void (*begin)(struct stream_out *, const struct cast *);
	void (*event)(struct stream_out *, const struct cast_event *); /* 'o', 'i', 'r' or 'm' */
	void (*end)(struct stream_out *);                              /* may be NULL */
};

/* As export.h's functions. */
long stream_export(struct cast *, const struct export_options *, const struct stream_format *,
    struct cast_error *err);

#endif
