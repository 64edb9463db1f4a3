/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench: socket_cost 'PEER PORT LOCAL PORT' [N]. Prints the median and the 99th percentile, in microseconds, of N exact
 * look-ups of one TCP socket over sock_diag: how the accounting finds a connection's own counters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "connection.h"
#include "tcpinfo.h"
#include "traffic.h"

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int
main(int argc, char **argv)
{
	size_t n = argc > 2 ? (size_t)bench_number(argv[2]) : 1000;
	struct connection c;
	struct traffic t;
	int64_t *took;

	if (argc < 2 || n == 0 || connection_parse_hint(argv[1], &c) < 0 ||
	    !(took = calloc(n, sizeof *took))) {
		fprintf(stderr, "usage: socket_cost 'PEER PORT LOCAL PORT' [N]\n");
		return 2;
	}
	for (size_t i = 0; i < n; i++) {
		int64_t begin_ns = bench_now_ns();
		int ret = tcpinfo_read(&c, &t);

		took[i] = bench_now_ns() - begin_ns;
		if (ret < 0) {
			fprintf(stderr, "%s\n", strerror(-ret));
			return 1;
		}
	}
	qsort(took, n, sizeof *took, compare);
	printf("%.1f %.1f\n", (double)took[n / 2] / 1000, (double)took[n * 99 / 100] / 1000);
	free(took);
	return 0;
}
