/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_TTYBUF_H
#define PUMP_TTYBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The buffer in which TTY audit gathers input before it becomes a record:
 * struct tty_audit_buf of drivers/tty/tty_audit.c, one per session instead of
 * one per process, and therefore also pushed when the reader changes.
 */
enum {
	TTYBUF_SIZE = 4096,
	TTYBUF_COMM = 16
};

struct ttybuf {
	size_t len;
	bool canonical;
	pid_t pgrp;
	char comm[TTYBUF_COMM];
	int64_t first_ns;
	int64_t last_ns;
	void (*push)(void *arg, const struct ttybuf *b); /* called with len > 0 */
	void *arg;
	uint8_t data[TTYBUF_SIZE];
};

/* Who read something, and when. */
struct ttybuf_reader {
	pid_t pgrp;
	const char *comm;
	int64_t now_ns;
};

/* tty_audit_add_data(): a record first when the mode or the reader is another one, and whenever the
 * buffer is full. */
void ttybuf_add(struct ttybuf *b, const uint8_t *bytes, size_t n, bool canonical,
    const struct ttybuf_reader *reader);

/* tty_audit_push(): whatever there is becomes a record. */
void ttybuf_push(struct ttybuf *b);

#endif
