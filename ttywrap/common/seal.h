/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMMON_SEAL_H
#define COMMON_SEAL_H

#include "common/blake2b.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A seal: the hash over a recording's first bytes. It stands in the recording (code 's',
 * ttywrap-recording(5)) and in the audit trail. Both spellings are made and read here and nowhere
 * else.
 */
struct seal {
	uint32_t number;            /* 1, 2, … within the recording */
	int is_last;                /* the recording was closed with it */
	uint64_t offset;            /* bytes hashed, counted in the uncompressed file */
	char hash[BLAKE2B_HEX + 1]; /* BLAKE2b-256, lower-case hex */
};

/* The longest text either function makes, its NUL and a name of SEAL_NAME_MAX included. */
#define SEAL_NAME_MAX 128
#define SEAL_TEXT_MAX 320

/*
 * The event's data up to where the hash belongs: "n=3 end=0 off=12345 hash=blake2b:". The hash is
 * over everything in the file before itself, these words included, so it comes from the caller.
 * Returns the length.
 */
size_t seal_text_head(char text[SEAL_TEXT_MAX], uint32_t number, int is_last, uint64_t offset);

/* Parses an event's data. Returns 0, or -EINVAL for anything that seal_text_head and a hash would
 * not write. */
int seal_parse(struct seal *seal, const char *text, size_t n);

/*
 * The text of the AUDIT_TRUSTED_APP record: "op=ttywrap-seal rec=NAME n=3 end=0 off=12345
 * hash=blake2b:HEX". The kernel adds pid, uid, auid and ses in front, libaudit exe, addr, terminal
 * and res behind. Returns the length, or -EINVAL when rec (the recording's file name) has other
 * characters than A-Z a-z 0-9 . _ - or more than SEAL_NAME_MAX of them.
 */
int seal_audit_text(char text[SEAL_TEXT_MAX], const char *rec, const struct seal *seal);

/*
 * Finds the text of seal_audit_text in a line of ausearch's output or of audit.log, and copies the
 * recording's name to rec. Returns 1, 0 when the line is none of ours, -EINVAL when it says it is,
 * and isn't well formed.
 */
int seal_audit_parse(struct seal *seal, char rec[SEAL_NAME_MAX + 1], const char *line, size_t n);

#endif
