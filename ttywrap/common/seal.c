/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, monitor and replay. Pure. Distrusts what it parses: a recording, or somebody's copy of an
 * audit log. */
#include "common/seal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OP "op=ttywrap-seal rec="

/* The hash's key is not "hash": ausearch -i takes that one's value for text in hex, and decodes it.
 */

size_t
seal_text_head(char text[SEAL_TEXT_MAX], uint32_t number, int is_last, uint64_t offset)
{
	return (size_t)snprintf(text, SEAL_TEXT_MAX,
	    "n=%" PRIu32 " end=%d off=%" PRIu64 " hash=blake2b:", number, is_last != 0, offset);
}

/* key, then a decimal number without leading zeros, of at most max. */
static int
take_number(const char **p, const char *end, const char *key, uint64_t max, uint64_t *number)
{
	size_t n = strlen(key);
	const char *from;

	if ((size_t)(end - *p) < n || memcmp(*p, key, n) != 0)
		return -EINVAL;
	from = *p += n;
	*number = 0;
	for (; *p < end && **p >= '0' && **p <= '9'; ++*p) {
		unsigned digit = (unsigned)(**p - '0');

		if (digit > max || *number > (max - digit) / 10)
			return -EINVAL;
		*number = *number * 10 + digit;
	}
	return *p == from || (*from == '0' && *p > from + 1) ? -EINVAL : 0;
}

static int
take_hash(const char **p, const char *end, char hash[BLAKE2B_HEX + 1])
{
	static const char key[] = " hash=blake2b:";
	size_t n = sizeof key - 1;

	if ((size_t)(end - *p) < n + BLAKE2B_HEX || memcmp(*p, key, n) != 0)
		return -EINVAL;
	memcpy(hash, *p + n, BLAKE2B_HEX);
	hash[BLAKE2B_HEX] = '\0';
	*p += n + BLAKE2B_HEX;
	return strspn(hash, "0123456789abcdef") == BLAKE2B_HEX ? 0 : -EINVAL;
}

static int
take_seal(const char **p, const char *end, struct seal *seal)
{
	uint64_t number, is_last, offset;

	if (take_number(p, end, "n=", UINT32_MAX, &number) || number == 0 ||
	    take_number(p, end, " end=", 1, &is_last) ||
	    take_number(p, end, " off=", INT64_MAX, &offset))
		return -EINVAL;
	seal->number = (uint32_t)number;
	seal->is_last = (int)is_last;
	seal->offset = offset;
	return take_hash(p, end, seal->hash);
}

int
seal_parse(struct seal *seal, const char *text, size_t n)
{
	const char *p = text, *end = text + n;

	return take_seal(&p, end, seal) || p != end ? -EINVAL : 0;
}

static int
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

/* The name's length, or -EINVAL. */
static int
name_length(const char *name, size_t max)
{
	size_t n = 0;

	while (n < max && is_name_char(name[n]))
		n++;
	return n > 0 && n <= SEAL_NAME_MAX ? (int)n : -EINVAL;
}

int
seal_audit_text(char text[SEAL_TEXT_MAX], const char *rec, const struct seal *seal)
{
	char head[SEAL_TEXT_MAX];
	int n = name_length(rec, SEAL_NAME_MAX + 1);

	if (n < 0 || rec[n] != '\0')
		return -EINVAL;
	seal_text_head(head, seal->number, seal->is_last, seal->offset);
	return snprintf(text, SEAL_TEXT_MAX, OP "%s %.60s%s", rec, head, seal->hash);
}

int
seal_audit_parse(struct seal *seal, char rec[SEAL_NAME_MAX + 1], const char *line, size_t n)
{
	/* The kernel puts a program's message in quotes and its own fields outside, so that none is
	 * taken for one. */
	static const char key[] = "msg='" OP;
	const char *p = memmem(line, n, "msg='", 5), *end = line + n;
	int len;

	if (!p || (size_t)(end - p) < sizeof key - 1 || memcmp(p, key, sizeof key - 1) != 0 ||
	    !memmem(line, (size_t)(p - line), "type=TRUSTED_APP ", 17))
		return 0;
	p += sizeof key - 1;
	len = name_length(p, (size_t)(end - p));
	if (len < 0)
		return -EINVAL;
	memcpy(rec, p, (size_t)len);
	rec[len] = '\0';
	p += len;
	if (p == end || *p++ != ' ' || take_seal(&p, end, seal))
		return -EINVAL;
	return p < end && (*p == ' ' || *p == '\'') ? 1 : -EINVAL;
}
