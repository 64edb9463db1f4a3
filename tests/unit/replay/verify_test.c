/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/io.h"
#include "pump/recording.h"
#include "replay/verify.h"
#include "replay/verify_audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define S     INT64_C(1000000000)
#define NAME  "1000-7.cast"
#define SEALS 4

struct made {
	uint8_t bytes[8192];
	size_t n;
	struct seal seals[SEALS];
	int nseals;
};

static void
sealed(void *arg, const struct seal *seal)
{
	struct made *m = arg;

	assert_true(m->nseals < SEALS);
	m->seals[m->nseals++] = *seal;
}

/* A session of three seals and a last one, in m. */
static void
make(struct made *m, int zstd)
{
	const struct encode_field fields[] = {{"recording", NAME}, {"user", "anna"}};
	const struct encode_header header = {
	    .cols = 80, .rows = 24, .fields = fields, .nfields = 2};
	const struct recording_options options = {.seal_ns = S, .zstd = zstd};
	int fd = memfd_create("made", MFD_CLOEXEC);
	struct recording *r;
	ssize_t n;

	m->nseals = 0;
	assert_int_equal(recording_new(&r, dup(fd), 0, &header, &options, sealed, m), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(recording_output(r, 3 * i * S + 7, "caf\xe9 \033[1m$ ", 11), 0);
		assert_int_equal(recording_input(r, 3 * i * S + 8, "ls\r", 3), 0);
		assert_int_equal(recording_flush(r, (3 * i + 2) * S), 0);
	}
	assert_int_equal(recording_output(r, 10 * S, "bye\r\n", 5), 0);
	assert_int_equal(recording_close(r, 11 * S, 3), 0);
	recording_free(r);
	n = pread(fd, m->bytes, sizeof m->bytes, 0);
	assert_in_range(n, 500, sizeof m->bytes - 1);
	m->n = (size_t)n;
	assert_int_equal(m->nseals, SEALS);
	close(fd);
}

static void
are_its_seals(const struct verify *v, const struct made *m)
{
	assert_int_equal(v->nseals, SEALS);
	for (int i = 0; i < SEALS; i++) {
		assert_int_equal(v->seals[i].offset, m->seals[i].offset);
		assert_string_equal(v->seals[i].hash, m->seals[i].hash);
	}
}

static int
file_of(const void *bytes, size_t n)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_int_equal(io_write_all(fd, bytes, n), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static enum verify_verdict
verdict_of(const void *bytes, size_t n)
{
	struct verify v;

	verify_file(&v, file_of(bytes, n), "dir/" NAME);
	verify_clear(&v);
	return v.verdict;
}

static void
text_is(const void *bytes, size_t n, const char *want)
{
	struct verify v;

	verify_file(&v, file_of(bytes, n), "x");
	verify_clear(&v);
	if (strncmp(v.text, want, strlen(want)) != 0)
		fail_msg("\"%s\" instead of \"%s\"", v.text, want);
}

static void
test_intact(void **state)
{
	static struct made m;
	struct verify v;

	(void)state;
	for (int zstd = 0; zstd < 2; zstd++) {
		make(&m, zstd);
		verify_file(&v, file_of(m.bytes, m.n), "copy");
		assert_int_equal(v.verdict, VERIFY_INTACT);
		assert_string_equal(v.recording, NAME);
		are_its_seals(&v, &m);
		verify_clear(&v);
	}
	make(&m, 0);
	text_is(m.bytes, m.n, "intact: 4 seals over ");
}

/* Every byte to every neighbour of its bits, taken out, doubled. */
static void
test_each_byte_counts(void **state)
{
	static struct made m;
	static uint8_t changed[sizeof m.bytes + 1];

	(void)state;
	make(&m, 0);
	for (size_t i = 0; i < m.n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(changed, m.bytes, m.n);
			changed[i] ^= (uint8_t)(1 << bit);
			if (verdict_of(changed, m.n) == VERIFY_INTACT)
				fail_msg("bit %d of byte %zu", bit, i);
		}
		memmove(changed, m.bytes, i);
		memmove(changed + i, m.bytes + i + 1, m.n - i - 1);
		if (verdict_of(changed, m.n - 1) == VERIFY_INTACT)
			fail_msg("byte %zu taken out", i);
		memmove(changed + i + 1, m.bytes + i, m.n - i);
		changed[i] = m.bytes[i];
		if (verdict_of(changed, m.n + 1) == VERIFY_INTACT)
			fail_msg("byte %zu doubled", i);
	}
}

/*
 * Compressed, some bytes mean nothing (a window's size): what comes out is the same, and that is
 * what was sealed. There is one such in each frame's header, of which there is one for each seal and
 * one more at the end, and perhaps one in what a short frame says of its letters.
 */
static void
test_each_compressed_byte_counts(void **state)
{
	static struct made m;
	static uint8_t changed[sizeof m.bytes];
	size_t harmless = 0;

	(void)state;
	make(&m, 3);
	for (size_t i = 0; i < m.n; i++) {
		struct verify v;

		memcpy(changed, m.bytes, m.n);
		changed[i] ^= 0x55;
		verify_file(&v, file_of(changed, m.n), "x");
		if (v.verdict == VERIFY_INTACT) {
			are_its_seals(&v, &m);
			harmless++;
		}
		verify_clear(&v);
	}
	assert_in_range(harmless, 0, 2 * (SEALS + 1));
}

/* Cut anywhere, a recording is torn and right as far as it goes. */
static void
test_a_cut_is_a_torn_end(void **state)
{
	static struct made m;

	(void)state;
	for (int zstd = 0; zstd < 2; zstd++) {
		make(&m, zstd);
		for (size_t n = zstd ? 4 : 0; n < m.n; n++)
			if (verdict_of(m.bytes, n) != VERIFY_TORN)
				fail_msg("cut to %zu of %zu", n, m.n);
	}
}

static void
test_where_it_was_altered(void **state)
{
	static struct made m;
	uint8_t *byte;

	(void)state;
	make(&m, 0);
	byte = m.bytes + m.seals[1].offset + 200;
	*byte ^= 1;
	text_is(m.bytes, m.n, "ALTERED behind seal 2 (byte ");
	*byte ^= 1;
	m.bytes[3] ^= 1;
	text_is(m.bytes, m.n, "ALTERED behind the beginning: a seal that doesn't fit at byte ");
	m.bytes[3] ^= 1;
	memcpy(m.bytes + m.n, "[12.000000,\"o\",\"\"]\n", 19);
	text_is(m.bytes, m.n + 19, "ALTERED behind seal 4 (byte ");
	memcpy(m.bytes + m.n, "x", 1);
	text_is(m.bytes, m.n + 1, "ALTERED behind seal 4 (byte ");
}

static void
test_what_was_never_sealed(void **state)
{
	static const char foreign[] =
	    "{\"version\":2,\"width\":80,\"height\":24}\n[1,\"o\",\"a\"]\n";

	(void)state;
	text_is(foreign, sizeof foreign - 1, "not sealed: ");
	assert_int_equal(verdict_of(foreign, sizeof foreign - 1), VERIFY_TROUBLE);
	text_is("\177ELF\n\n", 6, "no recording: the header is not JSON");
	text_is("", 0, "torn: not even its first line is whole");
}

/* --- the audit trail --- */

static char trail[16384];

static void
trail_add(const char *type, const char *text)
{
	size_t n = strlen(trail);

	snprintf(trail + n, sizeof trail - n,
	    "type=%s msg=audit(1700000000.123:45): pid=7 uid=990 auid=1000 ses=7 msg='%s "
	    "exe=\"/usr/bin/ttywrap\" "
	    "hostname=? addr=? terminal=pts/3 res=success'\n",
	    type, text);
}

static void
trail_seal(const char *rec, const struct seal *seal)
{
	char text[SEAL_TEXT_MAX];

	assert_true(seal_audit_text(text, rec, seal) > 0);
	trail_add("TRUSTED_APP", text);
}

static enum verify_verdict
held_against(const struct made *m, size_t n, const char *why)
{
	struct verify_audit *a = verify_audit_new(file_of(trail, strlen(trail)));
	struct verify v;

	assert_non_null(a);
	verify_file(&v, file_of(m->bytes, n), "copy");
	verify_audit_compare(a, &v);
	verify_clear(&v);
	verify_audit_free(a);
	if (!strstr(v.text, why))
		fail_msg("\"%s\" instead of \"%s\"", v.text, why);
	return v.verdict;
}

static void
trail_of(const struct made *m, int from, int to)
{
	trail[0] = '\0';
	trail_add("TRUSTED_APP", "op=ttywrap-open rec=" NAME);
	for (int i = from; i < to; i++)
		trail_seal(NAME, &m->seals[i]);
}

static void
test_the_trail_proves(void **state)
{
	static struct made m;

	(void)state;
	make(&m, 0);
	trail_of(&m, 0, 4);
	assert_int_equal(held_against(&m, m.n, "the audit trail agrees"), VERIFY_INTACT);
	trail_of(&m, 3, 4); /* a rotated log */
	assert_int_equal(held_against(&m, m.n, "the audit trail agrees"), VERIFY_INTACT);
	trail_of(&m, 0, 2);
	assert_int_equal(held_against(&m, m.n, "ends with seal 2 of 4"), VERIFY_UNPROVEN);
	trail_of(&m, 0, 0);
	assert_int_equal(held_against(&m, m.n, "ends with seal 0 of 4"), VERIFY_UNPROVEN);
	trail[0] = '\0';
	assert_int_equal(held_against(&m, m.n, "doesn't know it"), VERIFY_UNPROVEN);
}

static void
test_the_trail_finds(void **state)
{
	static struct made m, other;
	struct seal seal;

	(void)state;
	make(&m, 0);
	trail_of(&m, 0, 4);
	assert_int_equal(held_against(&m, m.seals[2].offset + 80,
			     "has 4 seals of it, the file ends behind seal 3"),
	    VERIFY_ALTERED);
	seal = m.seals[1];
	seal.hash[5] ^= 1;
	seal.hash[5] = seal.hash[5] > 'f' ? '0' : seal.hash[5];
	trail_seal(NAME, &seal);
	assert_int_equal(held_against(&m, m.n, "two different seals"), VERIFY_UNPROVEN);

	/* Forged with care: every seal made anew. */
	other = m;
	for (int i = 0; i < SEALS; i++)
		other.seals[i].hash[0] = other.seals[i].hash[0] == 'a' ? 'b' : 'a';
	trail_of(&other, 0, 4);
	assert_int_equal(
	    held_against(&m, m.n, "seal 1 is another one in the audit trail"), VERIFY_ALTERED);
}

static char missing_names[256];

static void
note_missing(const char *rec, size_t seals, int closed)
{
	size_t n = strlen(missing_names);

	snprintf(missing_names + n, sizeof missing_names - n, "%s %zu %d|", rec, seals, closed);
}

static void
test_missing_recordings(void **state)
{
	static struct made m;
	struct verify_audit *a;
	struct verify v;

	(void)state;
	make(&m, 0);
	trail_of(&m, 0, 4);
	trail_seal("gone.cast", &m.seals[0]);
	trail_add("TRUSTED_APP", "op=ttywrap-open rec=opened.cast user=anna");
	trail_seal("old.cast", &m.seals[3]);
	trail_add("TRUSTED_APP", "op=ttywrap-prune rec=old.cast");
	trail_add("USER_CMD", "op=other rec=no.cast");
	a = verify_audit_new(file_of(trail, strlen(trail)));
	assert_non_null(a);
	verify_file(&v, file_of(m.bytes, m.n), "copy");
	verify_audit_compare(a, &v);
	verify_clear(&v);
	assert_int_equal(verify_audit_missing(a, note_missing), 2);
	assert_string_equal(missing_names, "gone.cast 1 0|opened.cast 0 0|");
	assert_int_equal(verify_audit_malformed(a), 0);
	verify_audit_free(a);
}

/* What looks like a record of ours inside another one's text is none. */
static void
test_forged_records(void **state)
{
	static struct made m;
	char text[SEAL_TEXT_MAX], quoted[SEAL_TEXT_MAX + 32];

	(void)state;
	make(&m, 0);
	assert_true(seal_audit_text(text, NAME, &m.seals[3]) > 0);
	snprintf(quoted, sizeof quoted, "op=login acct=msg='%s", text);
	trail[0] = '\0';
	trail_add("TRUSTED_APP", quoted);
	assert_int_equal(held_against(&m, m.n, "doesn't know it"), VERIFY_UNPROVEN);
	trail[0] = '\0';
	trail_add("USER_TTY", text);
	assert_int_equal(held_against(&m, m.n, "ends with seal 0"), VERIFY_UNPROVEN);
	assert_int_equal(seal_audit_text(text, "a b", &m.seals[3]), -22);
	assert_int_equal(seal_audit_text(text, "", &m.seals[3]), -22);
	assert_int_equal(seal_audit_text(text, "../x", &m.seals[3]), -22);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_intact),
	    cmocka_unit_test(test_each_byte_counts),
	    cmocka_unit_test(test_each_compressed_byte_counts),
	    cmocka_unit_test(test_a_cut_is_a_torn_end),
	    cmocka_unit_test(test_where_it_was_altered),
	    cmocka_unit_test(test_what_was_never_sealed),
	    cmocka_unit_test(test_the_trail_proves),
	    cmocka_unit_test(test_the_trail_finds),
	    cmocka_unit_test(test_missing_recordings),
	    cmocka_unit_test(test_forged_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
