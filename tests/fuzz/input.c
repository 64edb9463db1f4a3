/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any sequence of writes, looks and output, sensible or not. No more may come
 * out than went in, and while canonical mode without echo was all that was ever
 * seen, nothing at all.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pump/input.h"
#include "pump/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct count {
	size_t in, out;
	bool only_secret;
};

static void
told(void *arg, const struct input_event *e)
{
	struct count *c = arg;
	bool bad = e->len == 0 || (e->kind == INPUT_DATA) != (e->data != NULL) ||
		   (e->kind == INPUT_DATA && (c->only_secret || e->len > 4096));

	c->out += e->len;
	if (bad || c->out > c->in) {
		fprintf(stderr, "input: kind %d, %zu bytes, %zu of %zu\n", (int)e->kind, e->len,
		    c->out, c->in);
		abort();
	}
}

static void
view_draw(struct input_view *v, const uint8_t *p, bool only_secret)
{
	static const char *const names[] = {NULL, "sh", "sudo", "vim"};
	static const cc_t cc[] = {[VINTR] = 3, [VERASE] = 0177, [VKILL] = 025, [VEOF] = 4};

	v->modes.c_lflag = only_secret ? ICANON : (tcflag_t)(p[0] & (ICANON | ECHO | ISIG));
	v->modes.c_iflag = p[0] & 0x80 ? ICRNL : 0;
	memcpy(v->modes.c_cc, cc, sizeof cc);
	v->unread = p[1] & 0x80 ? p[1] & 0x7f : 0;
	v->settled = v->unread == 0 && (p[2] & 1);
	v->changed = p[2] & 2;
	v->control = (p[2] & 0x1c) == 0x1c;
	v->pgrp = p[2] >> 6;
	v->comm = names[p[2] >> 6];
	v->now_ns += p[3] * INT64_C(1000000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct secret *secret;
	struct count c = {.only_secret = size > 0 && (data[0] & 1)};
	struct input_view v = {.now_ns = 1};
	struct input *in;
	char why[128];

	if (secret == NULL && secret_new(&secret, NULL, NULL, why, sizeof why) != 0)
		abort();
	view_draw(&v, (const uint8_t[4]){0}, c.only_secret);
	in = input_new(&v, secret, told, &c);
	if (in == NULL)
		abort();
	while (size >= 8) {
		size_t n = data[1] < size - 8 ? data[1] : size - 8;

		switch (data[0] % 8) {
		case 0:
			input_output(in, data + 8, n);
			break;
		case 1:
			input_flushed(in);
			if (data[2] & 1)
				input_accepted(in, (const char *)data + 8, n);
			if (data[2] & 2)
				input_missed(in);
			break;
		case 2:
			input_flush_for_event(in);
			break;
		case 3:
		case 4:
			c.in +=
			    2 * n; /* PARMRK is never set, so as much again is more than enough */
			input_written(in, data + 8, n, v.now_ns);
			break;
		default:
			view_draw(&v, data + 4, c.only_secret);
			input_observe(in, &v);
			n = 0;
		}
		data += 8 + n;
		size -= 8 + n;
	}
	if (c.out + input_pending(in) > c.in)
		abort();
	if (size & 1) { /* as typed_end(), when the terminal shows nothing any more */
		v.unread = 0;
		v.settled = true;
		v.changed = v.set = v.control = false;
	}
	input_end(in, &v);
	input_free(in);
	return 0;
}
