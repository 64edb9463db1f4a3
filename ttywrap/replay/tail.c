/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. The file is hostile: any bytes, any line length. */
#include "replay/tail.h"

#include "replay/cast_parse.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_SIZE ((off_t)64 << 10)

/* A seal line may stand last; a long line of output before it may fill all of the part that was
 * read. */
int
tail_last_ns(int fd, int64_t *last_ns)
{
	char buf[TAIL_SIZE];
	struct stat st;
	off_t from;
	ssize_t n;
	char *end;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	from = st.st_size > TAIL_SIZE ? st.st_size - TAIL_SIZE : 0;
	n = pread(fd, buf, sizeof buf, from);
	end = n > 0 ? memrchr(buf, '\n', (size_t)n) : NULL;
	while (end) {
		char *line = memrchr(buf, '\n', (size_t)(end - buf));
		struct cast_raw raw;

		line = line ? line + 1 : from == 0 ? buf : NULL;
		if (!line)
			break;
		if (!cast_parse(line, (size_t)(end - line), &raw)) {
			*last_ns = raw.time_ns;
			return 0;
		}
		end = line > buf ? line - 1 : NULL;
	}
	return -EINVAL;
}
