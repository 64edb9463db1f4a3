/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure. sshd (the PAM module) and ttyacct --pam. The words come from root's PAM configuration. */
#include "options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

enum {
	HOOK_SECONDS = 5,
	HOOK_SECONDS_MAX = 60
};

/* The value of NAME=VALUE, NULL for another name. */
static const char *
value_of(const char *word, const char *name)
{
	size_t n = strlen(name);

	return strncmp(word, name, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

static bool
number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*out = strtoul(text, &end, 0);
	return *end == 0 && *out <= max;
}

static const char *
read_path(const char *value, const char **out)
{
	if (value[0] != '/')
		return "is no absolute path";
	*out = value;
	return NULL;
}

static const char *
read_mark(const char *value, struct options *o)
{
	unsigned long n;

	if (strcmp(value, "uid") == 0)
		o->mark = MARK_UID;
	else if (strcmp(value, "gid") == 0)
		o->mark = MARK_GID;
	else if (number(value, UINT32_MAX, &n)) {
		o->mark = MARK_NUMBER;
		o->mark_number = (uint32_t)n;
	} else
		return "is neither uid, gid nor a number up to 4294967295";
	return NULL;
}

static const char *
read_seconds(const char *value, unsigned *out)
{
	unsigned long n;

	if (!number(value, HOOK_SECONDS_MAX, &n) || n == 0)
		return "is no number of seconds from 1 to 60";
	*out = (unsigned)n;
	return NULL;
}

static const char *
read_zone(const char *value, uint16_t *out)
{
	unsigned long n;

	if (!number(value, UINT16_MAX, &n))
		return "is no number from 0 to 65535";
	*out = (uint16_t)n;
	return NULL;
}

/* Returns what is wrong with the word, or NULL. */
static const char *
read_word(struct options *o, const char *word)
{
	const char *v;

	if (strcmp(word, "required_accounting") == 0) {
		o->required = true;
		return NULL;
	}
	if (strcmp(word, "debug") == 0) {
		o->debug = true;
		return NULL;
	}
	if ((v = value_of(word, "ledger")))
		return read_path(v, &o->ledger);
	if ((v = value_of(word, "on_open")))
		return read_path(v, &o->on_open);
	if ((v = value_of(word, "on_close")))
		return read_path(v, &o->on_close);
	if ((v = value_of(word, "hook_timeout")))
		return read_seconds(v, &o->hook_seconds);
	if ((v = value_of(word, "mark")))
		return read_mark(v, o);
	if ((v = value_of(word, "zone")))
		return read_zone(v, &o->zone);
	if ((v = value_of(word, "service"))) {
		o->service = v;
		return *v ? NULL : "names no service";
	}
	return "is no option of pam_ttyacct";
}

int
options_parse(struct options *o, int argc, const char **argv,
    void (*complain)(void *data, const char *word, const char *why), void *data)
{
	int wrong = 0;

	*o = (struct options){
	    .ledger = TTYWRAP_LOGDIR "/traffic.jsonl",
	    .rundir = TTYWRAP_RUNDIR,
	    .service = "sshd",
	    .hook_seconds = HOOK_SECONDS,
	};
	for (int i = 0; i < argc; i++) {
		const char *why = read_word(o, argv[i]);

		if (!why)
			continue;
		complain(data, argv[i], why);
		wrong++;
	}
	return wrong;
}

bool
options_mark(const struct options *o, uid_t uid, gid_t gid, uint32_t *mark)
{
	switch (o->mark) {
	case MARK_UID:
		*mark = uid;
		return true;
	case MARK_GID:
		*mark = gid;
		return true;
	case MARK_NUMBER:
		*mark = o->mark_number;
		return true;
	case MARK_NONE:
		break;
	}
	return false;
}
