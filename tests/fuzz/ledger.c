/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ledger line that anybody may have written. What is taken prints, and reads back as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger_record r, back;
	char line[4 * LEDGER_LINE_MAX];
	const char *why = NULL;
	int n;

	if (ledger_parse((const char *)data, size, &r, &why) < 0) {
		if (!why)
			abort();
		return 0;
	}
	n = ledger_print(&r, line, sizeof line);
	if (n < 0 || ledger_parse(line, (size_t)n, &back, &why) < 0)
		abort();
	if (r.traffic.in_bytes != back.traffic.in_bytes && r.traffic.source != TRAFFIC_NONE)
		abort();
	if (strcmp(r.id, back.id) != 0 || r.time_ns / 1000 != back.time_ns / 1000)
		abort();
	return 0;
}
