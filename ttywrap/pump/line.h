/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_LINE_H
#define PUMP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Line ends in input: the key sends a carriage return, canonical mode makes a line feed of it (ICRNL). */
bool line_is_end(uint8_t c);

/* How many bytes stand before the first line end; n when there is none. */
size_t line_before(const uint8_t *bytes, size_t n);

/* How many bytes there are up to the last line end and with it; 0 when there is none. */
size_t line_complete(const uint8_t *bytes, size_t n);

#endif
