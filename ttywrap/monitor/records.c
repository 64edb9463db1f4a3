/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor. Names, command lines and paths are the user's: encoded, and bounded. */
#include "monitor/records.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "common/io.h"
#include "common/seal.h"
#include "monitor/monitor.h"
#include "monitor/reader.h"
#include "monitor/session.h"

#define COMMAND_PIECE                                                                              \
	3500 /* bytes of a command line in one record: twice as much in hex still fits */
#define PATH_PIECE 256

static void
begin(struct monitor *m, struct trail_text *t, const char *op)
{
	t->len = 0;
	t->cut = false;
	trail_add(t, "op", "ttywrap-%s", op);
	trail_add(t, "session", "%s", m->name);
	if (m->recording[0] != '\0')
		trail_add(t, "rec", "%s", m->recording);
}

static int
send(struct monitor *m, struct trail_text *t, bool success)
{
	if (!m->session->privileged)
		return 0;
	return trail_record(&m->trail, TRAIL_TRUSTED_APP, t->buf, success);
}

int
records_open(struct monitor *m)
{
	static const char *const modes[] = {
	    "exec", "pipes", "terminal", "console"}; /* enum monitor_mode */
	const struct session *s = m->session;
	struct trail_text t;

	begin(m, &t, "open");
	trail_add_untrusted(&t, "acct", s->user, PATH_PIECE);
	trail_add(&t, "id", "%u", (unsigned)s->shell.user);
	trail_add(&t, "mode", "%s", modes[m->mode]);
	trail_add(&t, "inner", "%s", m->terminal.inner_name);
	trail_add_untrusted(&t, "shell", s->shell.path, PATH_PIECE);
	if (s->connected) {
		trail_add(&t, "rport", "%u", (unsigned)s->account.connection.peer_port);
		trail_add(&t, "lport", "%u", (unsigned)s->account.connection.local_port);
	}
	return send(m, &t, true);
}

/*
 * A line longer than a record holds goes into several, numbered from 1. who is
 * what else there is to say, " key=value" already encoded, or "".
 */
static int
send_command(struct monitor *m, const char *cwd, const char *line, const char *who)
{
	size_t n = strlen(line), pieces = n / COMMAND_PIECE + (n % COMMAND_PIECE != 0 || n == 0);
	char piece[COMMAND_PIECE + 1];
	struct trail_text t;

	if (!m->session->privileged)
		return 0;
	for (size_t i = 0; i < pieces; i++) {
		size_t left = n - i * COMMAND_PIECE,
		       len = left < COMMAND_PIECE ? left : COMMAND_PIECE;
		int r;

		memcpy(piece, line + i * COMMAND_PIECE, len);
		piece[len] = '\0';
		t.len = 0;
		t.cut = false;
		if (cwd != NULL)
			trail_add_untrusted(&t, "cwd", cwd, PATH_PIECE);
		trail_add_untrusted(&t, "cmd", piece, COMMAND_PIECE);
		if (pieces > 1)
			trail_add(&t, "part", "%zu/%zu", i + 1, pieces);
		trail_join(&t, who);
		r = trail_record(&m->trail, TRAIL_USER_CMD, t.buf, true);
		if (r < 0)
			return r;
	}
	return 0;
}

int
records_command(struct monitor *m, const char *line)
{
	return send_command(m, m->session->cwd, line, "");
}

/* Where the editor's process works is its own knowledge: /proc/PID/cwd is not for the monitor's eyes. */
int
records_typed_command(struct monitor *m, int32_t reader, const char *line)
{
	struct trail_text who = {.len = 0};
	struct message_reader r = {.uid = (uint32_t)-1, .euid = (uint32_t)-1};

	if (reader > 0)
		reader_look(reader, m->shell, m->session, &r);
	trail_add(&who, "reader", "%d", r.pid > 0 ? r.pid : reader);
	trail_add(&who, "ruid", "%d", (int)r.uid);
	trail_add(&who, "euid", "%d", (int)r.euid);
	trail_add_untrusted(&who, "comm", r.comm, sizeof r.comm);
	return send_command(m, NULL, line, who.buf);
}

/* With the name of the hash in front: ausearch -i would take bare hex for an encoded text. */
static void
add_hash(struct trail_text *t, const uint8_t hash[32])
{
	char hex[65];

	for (size_t i = 0; i < 32; i++) {
		hex[2 * i] = "0123456789abcdef"[hash[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
	}
	hex[64] = '\0';
	trail_add(t, "hash", "blake2b:%s", hex);
}

int
records_seal(struct monitor *m, const struct message_seal *seal)
{
	char text[SEAL_TEXT_MAX];
	struct seal s = {
	    .number = seal->number, .is_last = seal->last != 0, .offset = seal->offset};

	memcpy(s.hash, seal->hash, sizeof seal->hash);
	if (strspn(s.hash, "0123456789abcdef") != sizeof seal->hash)
		return -EPROTO;
	if (!m->session->privileged)
		return 0;
	if (seal_audit_text(text, m->recording, &s) < 0)
		return -EPROTO;
	return trail_record(&m->trail, TRAIL_TRUSTED_APP, text, true);
}

int
records_withheld(struct monitor *m, const struct message_withheld *w)
{
	struct trail_text t;

	begin(m, &t, "withheld");
	trail_add(&t, "why", "rate");
	trail_add(&t, "bytes", "%llu", (unsigned long long)w->bytes);
	trail_add(&t, "records", "%llu", (unsigned long long)w->records);
	add_hash(&t, w->hash);
	return send(m, &t, true);
}

/* Divided first: the pump's times may be anything. */
static int
loss(struct monitor *m, const char *of, uint64_t bytes, int64_t from_ns, int64_t to_ns, int error)
{
	struct trail_text t;

	begin(m, &t, "loss");
	trail_add(&t, "of", "%s", of);
	trail_add(&t, "bytes", "%llu", (unsigned long long)bytes);
	trail_add(&t, "from_ms", "%lld", (long long)from_ns / 1000000 - m->begin_ns / 1000000);
	trail_add(&t, "to_ms", "%lld", (long long)to_ns / 1000000 - m->begin_ns / 1000000);
	trail_add(&t, "errno", "%d", error);
	return send(m, &t, false);
}

int
records_loss(struct monitor *m, const struct message_loss *l)
{
	return loss(m, "recording", l->bytes, l->from_ns, l->to_ns, l->error);
}

int
records_unaudited(struct monitor *m)
{
	int r = loss(m, "audit", m->unaudited, m->unaudited_from_ns, m->unaudited_to_ns, 0);

	if (r == 0)
		m->unaudited = 0;
	return r;
}

/* The sum, and what it is made of: the counts are the pump's word, so it may run over. */
static void
add_withheld(struct trail_text *t, const uint64_t by[MESSAGE_WHYS])
{
	static const char *const names[MESSAGE_WHYS] = {"noecho", "prompt", "program", "doubt"};
	uint64_t sum = 0;

	for (int i = 0; i < MESSAGE_WHYS; i++)
		sum += by[i];
	trail_add(t, "withheld", "%llu", (unsigned long long)sum);
	for (int i = 0; i < MESSAGE_WHYS; i++)
		trail_add(t, names[i], "%llu", (unsigned long long)by[i]);
}

/* The pump's own figures, if it has said any. */
static void
add_end(const struct monitor *m, struct trail_text *t)
{
	if (m->end.why == 0)
		return;
	trail_add(t, "out", "%llu", (unsigned long long)m->end.bytes_out);
	add_withheld(t, m->end.withheld);
	trail_add(t, "recorded", "%llu", (unsigned long long)m->end.recorded);
}

int
records_drained(struct monitor *m, const char *why)
{
	struct trail_text t;

	begin(m, &t, "drained");
	trail_add(&t, "why", "%s", why);
	if (m->fault != NULL)
		trail_add_untrusted(&t, "reason", m->fault, PATH_PIECE);
	trail_add(&t, "duration_ms", "%lld", (long long)(io_now_ns() - m->begin_ns) / 1000000);
	add_end(m, &t);
	return send(m, &t, m->fault == NULL && m->end.why < END_RECORDING);
}

int
records_close(struct monitor *m, const char *why)
{
	struct trail_text t;

	begin(m, &t, "close");
	trail_add_untrusted(&t, "acct", m->session->user, PATH_PIECE);
	trail_add(&t, "why", "%s", why);
	if (m->fault != NULL)
		trail_add_untrusted(&t, "reason", m->fault, PATH_PIECE);
	if (m->shell_status >= 0 && WIFSIGNALED(m->shell_status))
		trail_add(&t, "signal", "%d", WTERMSIG(m->shell_status));
	else if (m->shell_status >= 0)
		trail_add(&t, "exit", "%d", WEXITSTATUS(m->shell_status));
	trail_add(&t, "duration_ms", "%lld", (long long)(io_now_ns() - m->begin_ns) / 1000000);
	add_end(m, &t);
	if (m->unaudited > 0)
		trail_add(&t, "unaudited", "%llu", (unsigned long long)m->unaudited);
	return send(m, &t, m->fault == NULL && m->end.why < END_RECORDING);
}
