/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, the ordinary user's program. Distrusts the header line: it may hold anything. */
#include "replay/cast_header.h"

#include "common/utf8.h"

#include <json-c/json.h>
#include <string.h>

#define DEPTH_MAX 16

static struct json_object *
member(struct json_object *object, const char *key, json_type type)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

/* NULL when absent, or when a NUL inside would cut it short. */
static const char *
member_text(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key, json_type_string);
	const char *text = value ? json_object_get_string(value) : NULL;

	return text && strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

static int
member_size(struct json_object *object, const char *key, unsigned *size)
{
	struct json_object *value = member(object, key, json_type_int);
	int64_t n = value ? json_object_get_int64(value) : 0;

	if (n < 1 || n > CAST_SIZE_MAX)
		return -1;
	*size = (unsigned)n;
	return 0;
}

/* asciinema writes whole numbers; the format's page only says "number". */
static double
member_number(struct json_object *object, const char *key)
{
	struct json_object *value;
	double n;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !(json_object_is_type(value, json_type_int) ||
		json_object_is_type(value, json_type_double)))
		return 0;
	n = json_object_get_double(value);
	return n > 0 && n < 1e15 ? n : 0;
}

static const char *
head_read(struct cast_head *head)
{
	struct json_object *version, *env;

	if (!json_object_is_type(head->json, json_type_object))
		return "the first line is no JSON object: not an asciicast v2 file";
	version = member(head->json, "version", json_type_int);
	if (!version)
		return "the header has no version: not an asciicast v2 file";
	if (json_object_get_int64(version) != 2)
		return "an asciicast, but not version 2, the one that is read here";
	if (member_size(head->json, "width", &head->text.cols) ||
	    member_size(head->json, "height", &head->text.rows))
		return "the header's width and height must be numbers from 1 to 65535";
	head->text.timestamp = (int64_t)member_number(head->json, "timestamp");
	head->text.idle_time_limit = member_number(head->json, "idle_time_limit");
	head->text.title = member_text(head->json, "title");
	head->text.command = member_text(head->json, "command");
	env = member(head->json, "env", json_type_object);
	if (env) {
		head->text.term = member_text(env, "TERM");
		head->text.shell = member_text(env, "SHELL");
	}
	head->fields = member(head->json, "ttywrap", json_type_object);
	return NULL;
}

const char *
cast_head_parse(struct cast_head *head, const char *line, size_t len)
{
	struct json_tokener *parser;
	const char *wrong = "the header is not JSON";

	memset(head, 0, sizeof *head);
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (len == 0 || len > INT32_MAX || !utf8_valid(line, len))
		return len ? "the header is not UTF-8" : "an empty file, or an empty first line";
	parser = json_tokener_new_ex(DEPTH_MAX);
	if (!parser)
		return "out of memory";
	json_tokener_set_flags(parser, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	head->json = json_tokener_parse_ex(parser, line, (int)len);
	if (json_tokener_get_error(parser) == json_tokener_success && head->json &&
	    json_tokener_get_parse_end(parser) == len)
		wrong = head_read(head);
	json_tokener_free(parser);
	if (wrong)
		cast_head_clear(head);
	return wrong;
}

void
cast_head_clear(struct cast_head *head)
{
	json_object_put(head->json);
	memset(head, 0, sizeof *head);
}

const char *
cast_head_field(const struct cast_head *head, const char *key)
{
	return head->fields ? member_text(head->fields, key) : NULL;
}
