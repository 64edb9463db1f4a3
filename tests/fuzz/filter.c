/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any stream, through the filter, into a terminal emulator that may not answer, nor be other than new afterwards. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size > 0 ? 1 + data[0] % 7 : 1, whole_len, split_len;
	const char *wrong = judge_stream(data, size, size > 0 ? size : 1);
	uint8_t *whole = judge_filtered(data, size, size > 0 ? size : 1, &whole_len);
	uint8_t *split = judge_filtered(data, size, piece, &split_len);

	if (!wrong && (whole_len != split_len || memcmp(whole, split, whole_len)))
		wrong = "how the stream is split changes what comes out";
	if (wrong) {
		fprintf(stderr, "filter: %s\n", wrong);
		abort();
	}
	free(whole);
	free(split);
	return 0;
}
