/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for libFuzzer in the ordinary build: gives each file of the folders named as arguments
 * to the fuzz target once, and then every file cut off at each of its first bytes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"

#define INPUT_MAX (1 << 20)
#define CUTS_MAX  256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A buffer of exactly the right size, so that the address sanitizer sees a read past it. */
static void
run_exact(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int
run_file(int dir_fd, const char *name)
{
	uint8_t *data = malloc(INPUT_MAX);
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = data != NULL && fd >= 0 ? io_read_all(fd, data, INPUT_MAX) : -1;

	if (n < 0)
		perror(name);
	for (ssize_t cut = 0; cut < n && cut < CUTS_MAX; cut++)
		run_exact(data, (size_t)cut);
	if (n >= 0)
		run_exact(data, (size_t)n);
	io_close(&fd);
	free(data);
	return n < 0;
}

static int
run_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int failed = 0, files = 0;

	if (d == NULL) {
		perror(path);
		return 1;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		failed |= run_file(dirfd(d), e->d_name);
		files++;
	}
	closedir(d);
	printf("%s: %d inputs\n", path, files);
	return failed || files == 0;
}

int
main(int argc, char **argv)
{
	int failed = argc < 2;

	for (int i = 1; i < argc; i++)
		failed |= run_folder(argv[i]);
	return failed;
}
