/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream of calls: modes, bytes, reads and flushes. Bytes given in one piece
 * and one by one have to come out alike, and no count may be more than is held.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

#include "pump/discipline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct feed {
	const uint8_t *data;
	size_t left;
};

static uint8_t
next(struct feed *f)
{
	if (f->left == 0)
		return 0;
	f->left--;
	return *f->data++;
}

static void
must(bool is_so, const char *what)
{
	if (is_so)
		return;
	fprintf(stderr, "discipline: %s\n", what);
	abort();
}

static void
modes_draw(struct feed *f, struct termios *t)
{
	uint8_t n = next(f) % 20;

	t->c_iflag = (tcflag_t)(next(f) | next(f) << 8);
	t->c_lflag = (tcflag_t)(next(f) | next(f) << 8);
	while (n-- > 0)
		t->c_cc[next(f) % 17] = next(f);
}

/*
 * Gives both the same bytes. False where PARMRK can make the buffer run over:
 * there a split does change things, in the kernel too (discipline.h).
 */
static bool
give(struct feed *f, const struct termios *t, struct discipline *whole, struct discipline *single)
{
	size_t n = next(f), repeat = 1 + next(f) % 64;

	n = n < f->left ? n : f->left;
	while (repeat-- > 0) {
		size_t took = discipline_receive(whole, f->data, n), i = 0;

		while (i < n && discipline_receive(single, f->data + i, 1) == 1)
			i++;
		if ((t->c_iflag & PARMRK) && discipline_held(whole) + 2 >= DISCIPLINE_SIZE)
			return false;
		must(took == i, "a split changes what there is room for");
	}
	f->data += n;
	f->left -= n;
	return true;
}

static void
read_both(struct discipline *whole, struct discipline *single, size_t n)
{
	uint8_t a[DISCIPLINE_SIZE + 8], b[DISCIPLINE_SIZE + 8];
	bool line_a, line_b;
	size_t unread = discipline_unread(whole);
	ssize_t got = discipline_read(whole, a, n, &line_a);

	must(got == discipline_read(single, b, n, &line_b), "a split changes what is read");
	must(line_a == line_b, "a split changes where lines end");
	must(got <= (ssize_t)n && (got < 0 || (size_t)got <= unread + 2),
	    "more is read than is there");
	must(got <= 0 || memcmp(a, b, (size_t)got) == 0, "a split changes the bytes");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed f = {data, size};
	struct termios t = {0};
	struct discipline *whole, *single;

	modes_draw(&f, &t);
	whole = discipline_new(&t);
	single = discipline_new(&t);
	if (whole == NULL || single == NULL)
		abort();
	while (f.left > 0) {
		switch (next(&f) % 6) {
		case 0:
			modes_draw(&f, &t);
			discipline_set_modes(whole, &t);
			discipline_set_modes(single, &t);
			break;
		case 1:
			discipline_flush(whole);
			discipline_flush(single);
			break;
		case 2:
			read_both(whole, single, 1 + (size_t)next(&f) * 16);
			break;
		default:
			if (!give(&f, &t, whole, single))
				goto out;
		}
		must(discipline_held(whole) == discipline_held(single),
		    "a split changes what is held");
		must(discipline_unread(whole) <= discipline_held(whole),
		    "more is unread than is held");
	}
out:
	discipline_free(whole);
	discipline_free(single);
	return 0;
}
