/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ttyacct: reads the ledger, keeps an index of it, answers questions. An ordinary program: with
 * root's rights it also reads what lingers in conntrack, without them it does what the files' modes
 * allow.
 */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "connection.h"
#include "index.h"
#include "live.h"
#include "pam_exec.h"
#include "report.h"
#include "table.h"
#include "when.h"

enum format {
	AS_TABLE,
	AS_CHART,
	AS_JSON,
	AS_CSV,
	AS_HTML,
	AS_PROMETHEUS
};

static const char *const format_names[] = {"table", "chart", "json", "csv", "html", "prometheus"};

struct request {
	const char *ledger, *index;
	const struct command *command;
	enum format format;
	struct report_query query;
	char client[CONNECTION_ADDR_MAX];
	bool exact, interim;
	uint32_t given; /* bits: places in long_options */
};

static const char usage[] =
    "usage: ttyacct report [--by WHAT] [--since WHEN] [--until WHEN] [--user NAME] [--client "
    "ADDRESS]\n"
    "       ttyacct top [-n COUNT] [the same]     who moved most\n"
    "       ttyacct sessions [the same]           shells, and what moved meanwhile\n"
    "       ttyacct who                           who is connected now\n"
    "       ttyacct update [--interim]            bring index and ledger up to date\n"
    "       ttyacct --pam [OPTION ...]            for pam_exec.so, see pam_ttyacct(8)\n"
    "  output: --chart --json --csv --html --prometheus, --bytes for exact figures\n"
    "  files:  --ledger FILE --index FILE\n"
    "  WHAT is one of %s\n";

static int
fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("ttyacct: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return 2;
}

enum {
	O_SINCE = 256,
	O_UNTIL,
	O_USER,
	O_CLIENT,
	O_BY,
	O_LEDGER,
	O_INDEX,
	O_BYTES,
	O_INTERIM,
	O_VERSION,
	O_FORMAT
};

enum {
	O_NUMBER_PLACE = 0
}; /* -n is --number */

static const struct option long_options[] = {
    {"number", 1, NULL, 'n'},
    {"since", 1, NULL, O_SINCE},
    {"until", 1, NULL, O_UNTIL},
    {"user", 1, NULL, O_USER},
    {"client", 1, NULL, O_CLIENT},
    {"by", 1, NULL, O_BY},
    {"ledger", 1, NULL, O_LEDGER},
    {"index", 1, NULL, O_INDEX},
    {"bytes", 0, NULL, O_BYTES},
    {"interim", 0, NULL, O_INTERIM},
    {"help", 0, NULL, 'h'},
    {"version", 0, NULL, O_VERSION},
    {"chart", 0, NULL, O_FORMAT + AS_CHART},
    {"json", 0, NULL, O_FORMAT + AS_JSON},
    {"csv", 0, NULL, O_FORMAT + AS_CSV},
    {"html", 0, NULL, O_FORMAT + AS_HTML},
    {"prometheus", 0, NULL, O_FORMAT + AS_PROMETHEUS},
    {0},
};

/* Which options a command takes: a set of names. */
struct command {
	const char *name, *options;
};

#define FILES " ledger index "
#define FORMS " bytes chart json csv html "
#define WHICH " since until user client number "
static const struct command commands[] = {
    {"report", FILES FORMS WHICH " by prometheus "},
    {"top", FILES FORMS WHICH " by "},
    {"sessions", FILES FORMS WHICH},
    {"who", FILES FORMS},
    {"update", FILES " interim "},
};
#undef FILES
#undef FORMS
#undef WHICH

/* With --prometheus: node_exporter adds up itself, from totals that only grow. */
static const char prometheus_options[] = " ledger index prometheus ";

static bool
is_among(const char *name, const char *names)
{
	char word[32];

	snprintf(word, sizeof word, " %s ", name);
	return strstr(names, word) != NULL;
}

static int
take_number(const char *text, int *out)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > 1000000)
		return fail("'%s' is no number of rows from 1 to 1000000", text);
	*out = (int)n;
	return 0;
}

static int
take_when(const char *text, time_t *out, bool end)
{
	struct when when;

	if (when_parse(text, time(NULL), &when) < 0)
		return fail("'%s' is no date; dates look like %s", text, when_forms);
	*out = end ? when.end : when.start;
	return 0;
}

/* As the ledger writes it, so that it is found however it is spelled. */
static int
take_client(struct request *r, const char *text)
{
	uint8_t family, addr[16];

	if (connection_parse_addr(text, &family, addr) < 0)
		return fail("'%s' is no address such as 192.0.2.7 or 2001:db8::7; networks: "
			    "report --by net",
		    text);
	connection_addr_text(family, addr, r->client);
	r->query.client = r->client;
	return 0;
}

static int
take_format(struct request *r, enum format format)
{
	if (r->format != AS_TABLE && r->format != format)
		return fail("one form of output at a time: --%s and --%s", format_names[r->format],
		    format_names[format]);
	r->format = format;
	return 0;
}

static int
take_option(struct request *r, int option, const char *value)
{
	switch (option) {
	case O_SINCE:
		return take_when(value, &r->query.since, false);
	case O_UNTIL:
		return take_when(value, &r->query.until, true);
	case O_USER:
		r->query.user = value;
		return 0;
	case O_CLIENT:
		return take_client(r, value);
	case O_BY:
		if (report_by_name(value) < 0)
			return fail(
			    "'%s' is nothing to report by; there are %s", value, report_by_names);
		r->query.by = (enum report_by)report_by_name(value);
		return 0;
	case O_LEDGER:
		r->ledger = value;
		return 0;
	case O_INDEX:
		r->index = value;
		return 0;
	case O_BYTES:
		r->exact = true;
		return 0;
	case O_INTERIM:
		r->interim = true;
		return 0;
	case 'n':
		return take_number(value, &r->query.limit);
	case 'h':
		printf(usage, report_by_names);
		exit(0);
	case O_VERSION:
		puts("ttyacct " TTYWRAP_VERSION);
		exit(0);
	default:
		return take_format(r, (enum format)(option - O_FORMAT));
	}
}

static int
take_options(struct request *r, int argc, char **argv)
{
	int option, place = 0, ret = 0;

	opterr = 0;
	while (ret == 0 && (option = getopt_long(argc, argv, ":n:h", long_options, &place)) >= 0) {
		if (option == ':')
			return fail("%s needs a value", argv[optind - 1]);
		if (option == '?')
			return fail("'%s' is no option; see ttyacct --help",
			    optopt > 0 && optopt < O_SINCE ? (char[]){'-', (char)optopt, 0}
							   : argv[optind - 1]);
		ret = take_option(r, option, optarg);
		r->given |= UINT32_C(1) << (option == 'n' ? O_NUMBER_PLACE : place);
	}
	return ret;
}

/* Nothing that was said may go without effect. */
static int
options_check(const struct request *r)
{
	const struct report_query *q = &r->query;

	for (int i = 0; long_options[i].name; i++) {
		if (!(r->given & UINT32_C(1) << i))
			continue;
		if (!is_among(long_options[i].name, r->command->options))
			return fail("%s takes no --%s", r->command->name, long_options[i].name);
		if (r->format == AS_PROMETHEUS &&
		    !is_among(long_options[i].name, prometheus_options))
			return fail(
			    "--prometheus has all totals, and takes no --%s", long_options[i].name);
	}
	if (q->since && q->until && q->until <= q->since)
		return fail("--until is before --since: nothing lies between them");
	return 0;
}

static int
take_command(struct request *r, int n, char **words)
{
	if (n != 1)
		return fail(n ? "one command at a time, not also '%s'"
			      : "there is no command; see ttyacct --help",
		    n ? words[1] : "");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(words[0], commands[i].name) == 0)
			r->command = &commands[i];
	if (!r->command)
		return fail("'%s' is no command; there are report, top, sessions, who and update",
		    words[0]);
	if (strcmp(r->command->name, "top") == 0) {
		r->query.largest_first = true;
		r->query.limit = r->query.limit ? r->query.limit : 10;
	}
	return options_check(r);
}

/* The system's index when this user may write it, otherwise one of the user's own. */
static char *
index_default(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *folder = NULL, *path = NULL;

	if (access(TTYWRAP_STATEDIR, W_OK) == 0)
		return strdup(TTYWRAP_STATEDIR "/ttyacct.sqlite");
	if (cache && cache[0] == '/')
		folder = strdup(cache);
	else if (home && asprintf(&folder, "%s/.cache", home) < 0)
		folder = NULL;
	if (!folder)
		return strdup(":memory:");
	(void)mkdir(folder, 0700);
	if (asprintf(&path, "%s/ttywrap", folder) >= 0 &&
	    (mkdir(path, 0700) == 0 || errno == EEXIST)) {
		free(path);
		if (asprintf(&path, "%s/ttywrap/ttyacct.sqlite", folder) < 0)
			path = NULL;
	} else {
		path = strdup(":memory:");
	}
	free(folder);
	return path;
}

enum {
	COLUMNS_PLAIN = 80,
	COLUMNS_ENDLESS = 1000,
	COLUMNS_MAX = 10000
};

/* Of the terminal; what goes to a file or a pipe is not cut to any width, unless COLUMNS says so. */
static int
terminal_columns(void)
{
	const char *text = getenv("COLUMNS");
	long n = text ? strtol(text, NULL, 10) : 0;
	struct winsize w;

	if (ioctl(1, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		return w.ws_col;
	if (n > 0 && n < COLUMNS_MAX)
		return (int)n;
	return isatty(1) ? COLUMNS_PLAIN : COLUMNS_ENDLESS;
}

/* Of what the answer is, for people. */
static void
note_make(const struct request *r, struct table *t)
{
	const struct report_query *q = &r->query;
	char from[32], to[32];

	if (strcmp(r->command->name, "who") == 0)
		return;
	print_time((int64_t)q->since * 1000000000, from, sizeof from);
	print_time((int64_t)q->until * 1000000000, to, sizeof to);
	snprintf(t->note, sizeof t->note, "%s%s%s%s%s%s%s%s%s%s",
	    strcmp(r->command->name, "sessions") == 0 ? "by begin" : "by ",
	    strcmp(r->command->name, "sessions") == 0 ? "" : report_by_word(q->by),
	    q->since ? ", from " : "", q->since ? from : "", q->until ? ", until " : "",
	    q->until ? to : "", q->user ? ", user " : "", q->user ? q->user : "",
	    q->client ? ", client " : "", q->client ? q->client : "");
}

static int
answer(struct index *ix, const struct request *r)
{
	static void (*const printers[])(const struct table *, const struct print *) = {
	    print_table, print_chart, print_json, print_csv, print_html};
	struct print p = {
	    stdout, terminal_columns(), strcmp(nl_langinfo(CODESET), "UTF-8") == 0, r->exact};
	struct table t;
	int ret;

	if (r->format == AS_PROMETHEUS)
		return report_prometheus(index_db(ix));
	if (p.columns == COLUMNS_ENDLESS && r->format == AS_CHART)
		p.columns = COLUMNS_PLAIN;
	if (strcmp(r->command->name, "who") == 0) {
		table_init(&t, "Connected now");
		ret = live_who(index_db(ix), &t);
	} else if (strcmp(r->command->name, "sessions") == 0) {
		table_init(&t, "Sessions");
		ret = report_sessions(index_db(ix), &r->query, &t);
	} else {
		table_init(&t, "Traffic over SSH");
		ret = report_make(index_db(ix), &r->query, &t);
	}
	note_make(r, &t);
	if (ret == 0)
		printers[r->format](&t, &p);
	if (ret == 0 && t.rows == 0 && r->format <= AS_CHART)
		fputs("ttyacct: nothing found\n", stderr);
	table_free(&t);
	return ret;
}

static int
work(const struct request *r, const char *path)
{
	struct index *ix = index_open(path, r->index != NULL);
	struct index_result result, more;
	int ret, lines = 0;

	if (!ix)
		return 1;
	ret = index_update(ix, r->ledger, stderr, &result);
	if (ret == 0)
		lines = live_update(index_db(ix), r->ledger, r->interim);
	if (lines > 0)
		ret = index_update(ix, r->ledger, stderr, &more);
	if (ret == 0 && strcmp(r->command->name, "update") != 0)
		ret = answer(ix, r);
	else if (ret == 0 && isatty(2))
		fprintf(stderr, "%llu lines read, %llu of them skipped; %d written\n",
		    (unsigned long long)result.lines, (unsigned long long)result.bad, lines);
	index_free(ix);
	if (fflush(stdout) != 0)
		return fail("cannot write: %s", strerror(errno));
	return ret == 0 && lines >= 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct request r = {.ledger = TTYWRAP_LOGDIR "/traffic.jsonl"};
	int ret;
	char *path = NULL;

	if (argc >= 2 && strcmp(argv[1], "--pam") == 0)
		return pam_exec_run(argc - 2, (const char **)argv + 2);
	setlocale(LC_ALL, "");
	ret = take_options(&r, argc, argv);
	if (ret == 0)
		ret = take_command(&r, argc - optind, argv + optind);
	if (ret != 0)
		return ret;
	path = r.index ? strdup(r.index) : index_default();
	if (!path)
		return fail("%s", strerror(ENOMEM));
	ret = work(&r, path);
	free(path);
	return ret;
}
