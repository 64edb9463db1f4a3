/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration's parser: any bytes give settings within their limits, or a one-line error. */
#include "launch/conf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
any_gid(void *arg, const char *name, gid_t *gid)
{
	(void)arg;
	if (name[0] == 'x')
		return name[1] == 'x' ? -EIO : -ENOENT;
	*gid = (gid_t)name[0];
	return 0;
}

static void
must(int holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const gid_t gids[] = {'a', 's'};
	static const struct conf_subject alice = {"alice", gids, 2, any_gid, NULL};
	struct conf c, d;
	struct conf_error e;
	int r = conf_parse((const char *)data, size, "f", &alice, &c, &e);

	conf_default(&d);
	if (r != 0) {
		must(r == -EINVAL || r == -EIO || r == -ENOMEM);
		must(e.text[0] != '\0' && strpbrk(e.text, "\n\r\x1b") == NULL);
		must(memcmp(&c, &d, sizeof c) == 0);
		return 0;
	}
	must(e.text[0] == '\0');
	must(c.shell[0] == '\0' || c.shell[0] == '/');
	must(c.audit <= CONF_AUDIT_NONE && c.mark <= CONF_MARK_NUMBER &&
	     c.fsync <= CONF_FSYNC_ALWAYS);
	must(c.record <= (CONF_RECORD_OUTPUT | CONF_RECORD_INPUT));
	must(c.seal_interval_ns >= 0 && c.seal_interval_ns <= INT64_C(3600) * 1000000000);
	must(c.secret_programs_n <= CONF_PROGRAMS && c.secret_prompt_n <= CONF_PROMPTS);
	return 0;
}
