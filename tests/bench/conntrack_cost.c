/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the median and the 99th percentile, in microseconds, of N exact look-ups of one connection: in conntrack, or
 * with 'socket' behind N among the sockets (sock_diag).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "connection.h"
#include "conntrack.h"
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
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
	bool socket = argc > 3 && strcmp(argv[3], "socket") == 0;
	struct connection c;
	struct traffic t;
	int64_t *took;

	if (argc < 2 || n == 0 || connection_parse_hint(argv[1], &c) < 0 ||
	    !(took = calloc(n, sizeof *took))) {
		fprintf(stderr, "usage: conntrack_cost 'PEER PORT LOCAL PORT' [N [socket]]\n");
		return 2;
	}
	for (size_t i = 0; i < n; i++) {
		int64_t begin = io_now_ns();
		int ret = socket ? tcpinfo_read(&c, &t) : conntrack_read(&c, &t);

		took[i] = io_now_ns() - begin;
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
