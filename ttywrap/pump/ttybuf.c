/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. Distrusts the bytes, and only copies them. */
#include "pump/ttybuf.h"

#include <string.h>

void
ttybuf_push(struct ttybuf *b)
{
	if (b->len == 0)
		return;
	b->push(b->arg, b);
	explicit_bzero(b->data, b->len);
	b->len = 0;
}

void
ttybuf_add(struct ttybuf *b, const uint8_t *bytes, size_t n, bool canonical,
    const struct ttybuf_reader *reader)
{
	if (b->canonical != canonical || b->pgrp != reader->pgrp)
		ttybuf_push(b);
	while (n > 0) {
		size_t some = TTYBUF_SIZE - b->len < n ? TTYBUF_SIZE - b->len : n;

		if (b->len == 0) {
			b->canonical = canonical;
			b->pgrp = reader->pgrp;
			b->first_ns = reader->now_ns;
			memset(b->comm, 0, sizeof b->comm);
			memcpy(b->comm, reader->comm, strnlen(reader->comm, sizeof b->comm - 1));
		}
		memcpy(b->data + b->len, bytes, some);
		b->len += some;
		b->last_ns = reader->now_ns;
		bytes += some;
		n -= some;
		if (b->len == TTYBUF_SIZE)
			ttybuf_push(b);
	}
}
