/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output and keys of any kind, split anywhere: the first byte of each piece says which it is and how long. */
#include <stddef.h>
#include <stdint.h>

#include "pump/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take(void *arg, const char *text, size_t n)
{
	size_t *longest = arg;

	if (n == 0 || n > CMDLINE_MAX || text == NULL)
		__builtin_trap();
	*longest = n > *longest ? n : *longest;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t longest = 0;
	struct cmdline *c = cmdline_new(40, take, &longest);

	for (size_t at = 0; c != NULL && at < size;) {
		uint8_t what = data[at++];
		size_t n = (size_t)(what >> 2) < size - at ? (size_t)(what >> 2) : size - at;

		if ((what & 3) == 3)
			cmdline_resize(c, (unsigned)n * 9);
		else if ((what & 3) == 2)
			cmdline_typed(c, data + at, n);
		else
			cmdline_output(c, data + at, n, what & 1);
		at += n;
	}
	cmdline_free(c);
	return 0;
}
