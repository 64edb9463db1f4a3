/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_TAIL_H
#define REPLAY_TAIL_H

#include <stdint.h>

/*
 * The time of the last event of an uncompressed recording, from the file's last part alone. Returns
 * 0 or -EINVAL: compressed, no event there. The file position is not moved.
 */
int tail_last_ns(int fd, int64_t *last_ns);

#endif
