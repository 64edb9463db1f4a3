/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure; every byte is hostile. Source: RFC 3629, section 4. */
#include "replay/points.h"

static int
sequence_begin(struct points *u, uint8_t byte)
{
	u->low = 0x80;
	u->up = 0xbf;
	if (byte >= 0xc2 && byte <= 0xdf) {
		u->need = 1;
		u->point = byte & 0x1f;
	} else if (byte >= 0xe0 && byte <= 0xef) {
		u->need = 2;
		u->point = byte & 0x0f;
		if (byte == 0xe0)
			u->low = 0xa0;
		if (byte == 0xed)
			u->up = 0x9f;
	} else if (byte >= 0xf0 && byte <= 0xf4) {
		u->need = 3;
		u->point = byte & 0x07;
		if (byte == 0xf0)
			u->low = 0x90;
		if (byte == 0xf4)
			u->up = 0x8f;
	} else
		return 0;
	return 1;
}

unsigned
points_take(struct points *u, uint8_t byte, uint32_t out[2])
{
	unsigned n = 0;

	if (u->need > 0) {
		if (byte >= u->low && byte <= u->up) {
			u->point = u->point << 6 | (byte & 0x3f);
			u->low = 0x80;
			u->up = 0xbf;
			if (--u->need == 0)
				out[n++] = u->point;
			return n;
		}
		u->need = 0;
		out[n++] = POINTS_BAD;
	}
	if (byte < 0x80)
		out[n++] = byte;
	else if (!sequence_begin(u, byte))
		out[n++] = POINTS_BAD;
	return n;
}
