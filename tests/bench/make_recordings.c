/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a folder of recordings, made by the recorder itself, for tests/bench/recordings: sessions of prompts, typed
 * commands with their echo, listings, coloured output, progress bars and pages of a full-screen program. The same
 * arguments make the same files. One recording in a hundred holds NEEDLE on its screen.
 *	usage: make_recordings FOLDER COUNT BYTES [ZSTD-LEVEL]	BYTES of output in each
 */
#include "pump/recording.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEEDLE "xyzzy-plugh"
#define MS     INT64_C(1000000)

struct session {
	struct recording *r;
	int64_t now_ns;
	uint64_t random, out;
};

static const char *const words[] = {"kernel", "config", "error", "warning", "backup", "release",
    "module", "network", "service", "started", "user", "session", "package", "update", "cache",
    "include", "static", "return", "struct", "value", "index", "table", "process", "memory",
    "device", "driver", "socket", "filter", "thread", "signal"};
static const char *const commands[] = {"ls -l", "git status", "make -j4", "journalctl -n 50",
    "cat /etc/fstab", "grep -rn include src", "systemctl status sshd", "df -h", "vi notes.txt",
    "cd /var/log", "tail -n 30 syslog"};

static unsigned
pick(struct session *s, unsigned n)
{
	s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(s->random >> 33) % n;
}

static void
check(int error)
{
	if (error == 0)
		return;
	fprintf(stderr, "make_recordings: %s\n", strerror(-error));
	exit(1);
}

static void
pass(struct session *s, int64_t ns)
{
	s->now_ns += ns;
	check(recording_tick(s->r, s->now_ns));
}

static void
put(struct session *s, const char *text)
{
	size_t n = strlen(text);

	check(recording_output(s->r, s->now_ns, text, n));
	s->out += n;
}

static void
put_line(struct session *s, unsigned coloured)
{
	char line[400];
	size_t n = 0;

	for (unsigned i = 0, k = 3 + pick(s, 9); i < k; i++)
		n += (size_t)snprintf(line + n, sizeof line - n,
		    coloured && pick(s, 4) == 0 ? "\033[1;3%um%s\033[m " : "%.0u%s ", pick(s, 8),
		    words[pick(s, sizeof words / sizeof *words)]);
	snprintf(line + n, sizeof line - n, "%u\r\n", pick(s, 100000));
	put(s, line);
}

static void
put_page(struct session *s)
{
	char at[32];

	put(s, "\033[?1049h\033[H\033[2J");
	for (unsigned i = 0; i < 60; i++) {
		snprintf(at, sizeof at, "\033[%u;%uH", 1 + pick(s, 23), 1 + pick(s, 40));
		put(s, at);
		put(s, words[pick(s, sizeof words / sizeof *words)]);
		pass(s, 20 * MS);
	}
	put(s, "\033[?1049l");
}

static void
put_progress(struct session *s)
{
	char line[96];

	for (unsigned i = 0; i <= 100; i += 5) {
		snprintf(line, sizeof line, "\r\033[K[%3u%%] %.*s", i, (int)(i / 5),
		    "####################");
		put(s, line);
		pass(s, 50 * MS);
	}
	put(s, "\r\n");
}

static void
put_command(struct session *s)
{
	const char *line = commands[pick(s, sizeof commands / sizeof *commands)];

	put(s, "\033[1;32muser@host\033[m:\033[1;34m~\033[m$ ");
	check(recording_reader(s->r, s->now_ns, 4711, 1000, 1000, "bash"));
	for (const char *p = line; *p; p++) {
		check(recording_input(s->r, s->now_ns, p, 1));
		check(recording_output(s->r, s->now_ns, p, 1));
		pass(s, 80 * MS);
	}
	check(recording_input(s->r, s->now_ns, "\r", 1));
	check(recording_marker(s->r, s->now_ns, line, strlen(line)));
	put(s, "\r\n");
}

static void
play(struct session *s, uint64_t bytes, int needle)
{
	while (s->out < bytes) {
		put_command(s);
		switch (pick(s, 8)) {
		case 0:
			put_page(s);
			break;
		case 1:
			put_progress(s);
			break;
		default:
			for (unsigned i = 0, n = 5 + pick(s, 200), coloured = pick(s, 2);
			     i < n && s->out < bytes; i++)
				put_line(s, coloured);
		}
		if (needle && s->out >= bytes / 2) {
			put(s, NEEDLE "\r\n");
			needle = 0;
		}
		pass(s, 3000 * MS);
	}
	check(recording_close(s->r, s->now_ns, 0));
	recording_free(s->r);
}

static void
make(const char *folder, unsigned number, uint64_t bytes, int level)
{
	char name[64], path[512], uid[16];
	const struct encode_field fields[] = {{"recording", name}, {"user", "bench"}, {"uid", uid},
	    {"ses", "7"}, {"tty", "pts/1"}, {"addr", "192.0.2.7"}};
	const struct encode_header header = {.cols = 80,
	    .rows = 24,
	    .wall_ns = (INT64_C(1700000000) + number * INT64_C(3600)) * 1000000000,
	    .term = "xterm-256color",
	    .shell = "/bin/bash",
	    .fields = fields,
	    .nfields = sizeof fields / sizeof *fields};
	const struct recording_options options = {.zstd = level, .seal_ns = 10000 * MS};
	struct session s = {.random = number};
	int fd;

	snprintf(uid, sizeof uid, "%u", 1000 + number % 20);
	snprintf(name, sizeof name, "%s-%u-20260101T000000Z-%u.cast%s", uid, number / 1000, number,
	    level ? ".zst" : "");
	snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	check(recording_new(&s.r, fd, 0, &header, &options, NULL, NULL));
	play(&s, bytes, number % 100 == 50);
}

int
main(int argc, char **argv)
{
	unsigned count;

	if (argc < 4)
		return 2;
	count = (unsigned)strtoul(argv[2], NULL, 10);
	for (unsigned i = 0; i < count; i++)
		make(argv[1], i, strtoull(argv[3], NULL, 10),
		    argc > 4 ? (int)strtol(argv[4], NULL, 10) : 0);
	return 0;
}
