/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttyacct. The index file: made, brought up to date, made anew. Its contents come from the ledger:
 * untrusted. */
#include "index.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"
#include "conns.h"
#include "ledger.h"
#include "source.h"

enum {
	VERSION = 3,
	APPLICATION_ID = 0x74747961, /* "ttya" */
	COMMIT_EVERY = 2000000,      /* lines; a run that is interrupted keeps what is committed */
	PROGRESS_EVERY = 100000,
	COMPLAINTS_MAX = 10, /* of each file, one by one */
	CACHE_KIB = 64 * 1024,
	BUSY_MS = 60000,
};

struct index {
	sqlite3 *db;
	char *path;
};

static int
db_run(sqlite3 *db, const char *sql)
{
	char *said = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &said) == SQLITE_OK)
		return 0;
	fprintf(stderr, "ttyacct: index: %s\n", said ? said : sqlite3_errmsg(db));
	sqlite3_free(said);
	return -EIO;
}

static int64_t
db_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t got = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		got = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return got;
}

/* What local time is: when it changes, days have other bounds. */
static int64_t
zone_print(void)
{
	static const time_t looks[] = {
	    0, 946684800, 1767225600, 1782864000}; /* two winters, 2026's winter and summer */
	uint64_t print = 17;

	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
		struct tm tm;

		localtime_r(&looks[i], &tm);
		print = print * 1000003 + (uint64_t)tm.tm_gmtoff;
	}
	return (int64_t)(print & INT32_MAX);
}

static int
schema_make(sqlite3 *db)
{
	char sql[160];

	snprintf(sql, sizeof sql,
	    "CREATE TABLE zone(print INTEGER); INSERT INTO zone VALUES(%lld);"
	    " PRAGMA application_id = %d; PRAGMA user_version = %d",
	    (long long)zone_print(), APPLICATION_ID, VERSION);
	if (db_run(db, conns_schema) < 0 ||
	    db_run(db, "CREATE TABLE source(print INTEGER PRIMARY KEY, offset INTEGER, line "
		       "INTEGER, whole INTEGER)") < 0)
		return -EIO;
	return db_run(db, sql);
}

/* SQL's way to conns_day(). */
static void
sql_day(sqlite3_context *cx, int n, sqlite3_value **v)
{
	(void)n;
	sqlite3_result_int(cx, conns_day(sqlite3_value_int64(v[0])));
}

/* The days again from the quarters of an hour, after the machine's time zone changed. */
static int
days_again(sqlite3 *db)
{
	char sql[80];

	snprintf(sql, sizeof sql, "UPDATE zone SET print = %lld", (long long)zone_print());
	if (db_run(db,
		"DELETE FROM day; INSERT INTO day SELECT day_of(b.at >> 40), user, host, "
		"sources, SUM(opens),"
		" SUM(b.in_bytes), SUM(b.in_packets), SUM(b.out_bytes), SUM(b.out_packets)"
		" FROM bucket b JOIN conn c ON c.id = b.at & 1099511627775 GROUP BY 1, 2, 3, 4") <
	    0)
		return -EIO;
	return db_run(db, sql);
}

static int
db_prepare(sqlite3 *db)
{
	char sql[200];
	int64_t version;

	sqlite3_busy_timeout(db, BUSY_MS);
	sqlite3_create_function(
	    db, "day_of", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sql_day, NULL, NULL);
	/* A cache may be lost with the power: it is made anew. */
	snprintf(sql, sizeof sql,
	    "PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -%d",
	    CACHE_KIB);
	if (db_run(db, sql) < 0)
		return -EIO;
	if (sqlite3_db_readonly(db, "main"))
		return db_number(db, "PRAGMA user_version") == VERSION ? 0 : -EROFS;
	if (db_run(db, "BEGIN IMMEDIATE") < 0)
		return -EIO;
	version = db_number(db, "PRAGMA user_version");
	if (version == 0 && db_number(db, "SELECT COUNT(*) FROM sqlite_master") == 0 &&
	    schema_make(db) == 0)
		version = VERSION;
	if (version == VERSION && db_number(db, "SELECT print FROM zone") != zone_print() &&
	    days_again(db) < 0)
		version = -1;
	if (db_run(db, version == VERSION ? "COMMIT" : "ROLLBACK") < 0)
		return -EIO;
	return version == VERSION ? 0 : -EIO;
}

static sqlite3 *
db_open(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_NOFOLLOW,
		NULL) != SQLITE_OK) {
		fprintf(stderr, "ttyacct: index %s: %s\n", path, sqlite3_errmsg(db));
		sqlite3_close(db);
		return NULL;
	}
	return db;
}

/* An index of ours, of any version, whole or not, or nothing: by the header of SQLite's file format. */
static bool
file_is_ours(const char *path)
{
	static const uint8_t magic[16] = "SQLite format 3",
			     id[4] = {APPLICATION_ID >> 24, APPLICATION_ID >> 16 & 255,
				 APPLICATION_ID >> 8 & 255, APPLICATION_ID & 255};
	uint8_t head[72];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return true; /* there is none, or SQLite will say why it cannot be opened */
	n = io_read(fd, head, sizeof head);
	io_close(&fd);
	return n == 0 || (n == sizeof head && memcmp(head, magic, sizeof magic) == 0 &&
			     memcmp(head + 68, id, sizeof id) == 0);
}

struct index *
index_open(const char *path, bool named)
{
	struct index *ix = calloc(1, sizeof *ix);

	if (named && !file_is_ours(path)) {
		fprintf(stderr,
		    "ttyacct: %s is no index of ttyacct's, and is left alone; name another file, "
		    "or delete it\n",
		    path);
		goto fail;
	}
	if (!ix || !(ix->path = strdup(path)) || !(ix->db = db_open(path)))
		goto fail;
	if (db_prepare(ix->db) == 0)
		return ix;
	if (access(path, W_OK) < 0 || strcmp(path, ":memory:") == 0)
		goto fail;
	fprintf(stderr, "ttyacct: making the index %s anew\n", path);
	sqlite3_close(ix->db);
	unlink(path);
	ix->db = db_open(path);
	if (ix->db && db_prepare(ix->db) == 0)
		return ix;
fail:
	index_free(ix);
	return NULL;
}

void
index_free(struct index *ix)
{
	if (!ix)
		return;
	sqlite3_close(ix->db);
	free(ix->path);
	free(ix);
}

struct sqlite3 *
index_db(struct index *ix)
{
	return ix->db;
}

struct run {
	struct index *ix;
	struct conns *conns;
	const struct source_file *file;
	FILE *complaints;
	struct index_result *result;
	bool watched;            /* somebody waits at a terminal */
	uint64_t bad, last_line; /* of this file */
	int64_t end;
	uint64_t print;
};

static int
place_store(struct run *run, bool whole)
{
	char sql[200];

	snprintf(sql, sizeof sql,
	    "INSERT OR REPLACE INTO source VALUES(%" PRId64 ", %" PRId64 ", %" PRIu64 ", %d)",
	    (int64_t)run->print, run->end, run->last_line, whole);
	return db_run(run->ix->db, sql);
}

static void
complain(struct run *run, uint64_t line, const char *why)
{
	run->result->bad++;
	if (++run->bad <= COMPLAINTS_MAX)
		fprintf(run->complaints, "ttyacct: %s:%" PRIu64 ": skipped: %s\n", run->file->path,
		    line, why);
	else if (run->bad == COMPLAINTS_MAX + 1)
		fprintf(run->complaints,
		    "ttyacct: %s: more lines are skipped, not named one by one\n", run->file->path);
}

/* The first index of a large ledger takes a minute: something should be seen to happen. */
static void
progress_show(const struct run *run)
{
	if (run->watched && run->result->lines % PROGRESS_EVERY == 0)
		fprintf(stderr, "\rttyacct: reading the ledger, %" PRIu64 " lines ...",
		    run->result->lines);
}

static void
progress_end(const struct run *run)
{
	if (run->watched && run->result->lines >= PROGRESS_EVERY)
		fprintf(stderr, "\r%60s\r", "");
}

static int
line_take(void *data, const char *text, size_t n, uint64_t line, int64_t end)
{
	struct run *run = data;
	struct ledger_record r;
	const char *why;

	run->last_line = line;
	run->end = end;
	if (n == 0)
		return 0; /* two writers ended the same torn line */
	run->result->lines++;
	progress_show(run);
	if (n >= LEDGER_LINE_MAX)
		complain(run, line, "it is longer than any record");
	else if (ledger_parse(text, n, &r, &why) < 0)
		complain(run, line, why);
	else if (conns_take(run->conns, &r) < 0)
		return -EIO;
	if (run->result->lines % COMMIT_EVERY != 0)
		return 0;
	if (conns_flush(run->conns) < 0 || place_store(run, false) < 0)
		return -EIO;
	return db_run(run->ix->db, "COMMIT; BEGIN IMMEDIATE");
}

static int
file_take(struct run *run)
{
	char sql[120];
	int64_t offset, line;
	int ret = source_print(run->file, &run->print);

	if (ret < 0)
		return ret == -ENODATA || ret == -ENOENT ? 0 : ret;
	snprintf(sql, sizeof sql, "SELECT offset FROM source WHERE print = %" PRId64,
	    (int64_t)run->print);
	offset = db_number(run->ix->db, sql);
	snprintf(
	    sql, sizeof sql, "SELECT line FROM source WHERE print = %" PRId64, (int64_t)run->print);
	line = db_number(run->ix->db, sql);
	snprintf(sql, sizeof sql, "SELECT whole FROM source WHERE print = %" PRId64,
	    (int64_t)run->print);
	if (run->file->unpack && db_number(run->ix->db, sql) == 1)
		return 0;
	run->bad = 0;
	run->end = offset > 0 ? offset : 0;
	run->last_line = line > 0 ? (uint64_t)line : 0;
	ret = source_read(run->file, run->end, run->last_line, line_take, run);
	return ret < 0 ? ret : place_store(run, run->file->unpack != NULL);
}

int
index_update(struct index *ix, const char *ledger, FILE *complaints, struct index_result *result)
{
	struct run run = {
	    .ix = ix, .complaints = complaints, .result = result, .watched = isatty(2)};
	struct source_list files = {0};
	struct stat st;
	int ret;

	*result = (struct index_result){0};
	ret = stat(ledger, &st) == 0 && S_ISDIR(st.st_mode) ? -EISDIR
							    : source_list_make(&files, ledger);
	if (ret < 0) {
		fprintf(stderr, "ttyacct: ledger %s: %s\n", ledger, strerror(-ret));
		return ret;
	}
	if (sqlite3_db_readonly(ix->db, "main"))
		goto out; /* somebody else's index: as good as its last update */
	ret = -EIO;
	if (db_run(ix->db, "BEGIN IMMEDIATE") < 0 || !(run.conns = conns_new(ix->db)))
		goto out;
	ret = 0;
	for (size_t i = 0; ret == 0 && i < files.n; i++) {
		run.file = &files.files[i];
		ret = file_take(&run);
		if (ret < 0 && ret != -EIO)
			fprintf(stderr, "ttyacct: ledger %s: %s\n", run.file->path, strerror(-ret));
		if (ret < 0 && !run.file->active && ret != -EIO)
			ret = 0; /* an old file that cannot be read keeps nobody from the others */
	}
	if (ret == 0 && conns_flush(run.conns) < 0)
		ret = -EIO;
	progress_end(&run);
	if (ret == -EIO)
		fprintf(stderr, "ttyacct: index %s: %s\n", ix->path, sqlite3_errmsg(ix->db));
	conns_free(run.conns);
	if (db_run(ix->db, ret == 0 ? "COMMIT" : "ROLLBACK") < 0)
		ret = -EIO;
out:
	source_list_free(&files);
	return ret;
}
