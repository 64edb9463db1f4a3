/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hand-off file and SSH_CONNECTION, both read inside the privileged program. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "handoff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char id[CONNECTION_ID_MAX], text[512];
	struct connection c, back;
	uint64_t start;
	pid_t parent;
	int n;

	if (size >= sizeof text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	(void)connection_parse_hint(text, &c);
	(void)connection_parse_stat(text, size, &parent, &start);
	(void)connection_status_is_root(text, size);
	if (handoff_parse(text, size, id, &c) < 0)
		return 0;
	n = handoff_print(text, sizeof text, id, &c);
	if (n < 0 || handoff_parse(text, (size_t)n, id, &back) < 0 || !connection_same(&c, &back))
		abort();
	return 0;
}
