/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_EXPORT_H
#define REPLAY_EXPORT_H

#include "replay/cast.h"

#include <stdbool.h>

struct export_options {
	bool raw; /* exact bytes; else what the filter lets through */
	int out_fd;
	int timing_fd; /* of "script" */
	int64_t duration_ns;
	const char *name;
};

/*
 * One a format. They take the cast over, and return the number of lines that could not be read, with err filled for the
 * first; or -errno when writing failed.
 */
long export_txt(struct cast *, const struct export_options *, struct cast_error *err);
long export_json(struct cast *, const struct export_options *, struct cast_error *err);
long export_cast(
    struct cast *, const struct export_options *, struct cast_error *err); /* version 2 */
long export_cast3(
    struct cast *, const struct export_options *, struct cast_error *err); /* version 3 */
long export_ttyrec(struct cast *, const struct export_options *, struct cast_error *err);
long export_script(struct cast *, const struct export_options *, struct cast_error *err);
long export_html(struct cast *, const struct export_options *, struct cast_error *err);

#endif
