/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file as an audit log, and any line as a seal: what is taken is spelled as it would be
 * written. */
#include "common/io.h"
#include "common/seal.h"
#include "replay/verify_audit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
count(const char *rec, size_t seals, int closed)
{
	if (strlen(rec) == 0 || strlen(rec) > SEAL_NAME_MAX || (seals == 0 && closed))
		abort();
}

static void
one_line(const char *line, size_t n)
{
	char rec[SEAL_NAME_MAX + 1], text[SEAL_TEXT_MAX];
	struct seal seal;

	if (seal_audit_parse(&seal, rec, line, n) == 1) {
		int len = seal_audit_text(text, rec, &seal);

		if (len < 0 || !memmem(line, n, text, (size_t)len))
			abort();
	}
	if (seal_parse(&seal, line, n) == 0) {
		size_t len = seal_text_head(text, seal.number, seal.is_last, seal.offset);

		if (len + BLAKE2B_HEX != n || memcmp(text, line, len) != 0 ||
		    memcmp(seal.hash, line + len, BLAKE2B_HEX) != 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct verify_audit *a;
	struct verify v = {.verdict = VERIFY_INTACT, .text = "intact", .recording = "a.cast"};

	if (fd < 0 || io_write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	one_line((const char *)data, size);
	a = verify_audit_new(fd);
	if (a) {
		verify_audit_compare(a, &v);
		verify_audit_missing(a, count);
	}
	verify_audit_free(a);
	return 0;
}
