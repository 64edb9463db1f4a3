/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any output; how it is split may not change whether it asks for a secret. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "pump/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct secret *whole, *split;
	char why[128];
	size_t piece = size > 0 ? 1 + data[0] % 9 : 1;

	if (whole == NULL && (secret_new(&whole, NULL, NULL, why, sizeof why) != 0 ||
				 secret_new(&split, NULL, NULL, why, sizeof why) != 0))
		abort();
	secret_watch(whole, size > 1 && (data[1] & 1));
	secret_watch(split, size > 1 && (data[1] & 1));
	secret_output(whole, data, size);
	for (size_t at = 0; at < size; at += piece)
		secret_output(split, data + at, piece < size - at ? piece : size - at);
	if (secret_asked(whole, true) != secret_asked(split, true)) {
		fprintf(stderr, "secret: a split changes what is asked for\n");
		abort();
	}
	secret_output(whole, (const uint8_t *)"\030\r\n\n", 4);
	secret_output(split, (const uint8_t *)"\030\r\n\n", 4);
	(void)secret_asked(whole, true);
	(void)secret_asked(split, true);
	return 0;
}
