/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Sees no input. First fit over a few dozen blocks. */
#include "replay/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct block {
	alignas(16) size_t size; /* of the payload, a multiple of 16 */
	uint32_t used;
	uint32_t guard; /* GUARD, unless something in front wrote over it */
};

#define GUARD 0x5ca1ab1eu

struct arena {
	alignas(16) size_t size; /* of the mapping */
	size_t top;              /* bytes in use, this header included; all blocks lie below */
};

struct arena_copy {
	size_t n;
	unsigned char bytes[];
};

struct arena *
arena_new(size_t size)
{
	void *p = mmap(
	    NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct arena *a = p;

	if (p == MAP_FAILED)
		return NULL;
	a->size = size;
	a->top = sizeof *a;
	return a;
}

void
arena_free(struct arena *a)
{
	if (a)
		munmap(a, a->size);
}

static struct block *
block_at(struct arena *a, size_t offset)
{
	return (struct block *)((char *)a + offset);
}

static size_t
block_end(size_t offset, const struct block *b)
{
	return offset + sizeof *b + b->size;
}

bool
arena_is_intact(const struct arena *a)
{
	const struct block *b;

	for (size_t at = sizeof *a; at < a->top; at = block_end(at, b)) {
		b = (const struct block *)((const char *)a + at);
		if (b->guard != GUARD || b->size > a->top - at - sizeof *b)
			return false;
	}
	return true;
}

/* Joins the free blocks that follow this free one. */
static void
block_merge(struct arena *a, size_t offset)
{
	struct block *b = block_at(a, offset);

	for (size_t next = block_end(offset, b); next < a->top; next = block_end(offset, b)) {
		struct block *n = block_at(a, next);

		if (n->used)
			return;
		b->size += sizeof *n + n->size;
	}
}

static void
block_split(struct arena *a, size_t offset, size_t n)
{
	struct block *b = block_at(a, offset), *rest;

	if (b->size - n <= sizeof *rest)
		return;
	rest = block_at(a, offset + sizeof *b + n);
	rest->size = b->size - n - sizeof *rest;
	rest->used = false;
	rest->guard = GUARD;
	b->size = n;
}

static void *
block_use(struct block *b)
{
	b->used = true;
	memset(b + 1, 0, b->size);
	return b + 1;
}

void *
arena_take(struct arena *a, size_t n)
{
	struct block *b;
	size_t at;

	if (n > a->size)
		return NULL;
	n = (n + 15) & ~(size_t)15;
	for (at = sizeof *a; at < a->top; at = block_end(at, b)) {
		b = block_at(a, at);
		if (b->used)
			continue;
		block_merge(a, at);
		if (b->size < n)
			continue;
		block_split(a, at, n);
		return block_use(b);
	}
	if (n + sizeof *b > a->size - a->top)
		return NULL;
	b = block_at(a, a->top);
	b->size = n;
	b->guard = GUARD;
	a->top += sizeof *b + n;
	return block_use(b);
}

void
arena_give(struct arena *a, void *p)
{
	(void)a;
	if (p)
		((struct block *)p - 1)->used = false;
}

struct arena_copy *
arena_save(const struct arena *a)
{
	struct arena_copy *c = malloc(sizeof *c + a->top);

	if (!c)
		return NULL;
	c->n = a->top;
	memcpy(c->bytes, a, a->top);
	return c;
}

size_t
arena_copy_size(const struct arena_copy *c)
{
	return sizeof *c + c->n;
}

void
arena_restore(struct arena *a, const struct arena_copy *c)
{
	memcpy(a, c->bytes, c->n);
}

void
arena_copy_free(struct arena_copy *c)
{
	free(c);
}
