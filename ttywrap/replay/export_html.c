/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replay, an ordinary user's program: one page that holds the recording and a player, and opens without a network. The
 * recording is hostile, and a browser a bigger target than a terminal: it stands in the page as one
 * JSON string without '<', goes through the filter as everything does, and the page's policy forbids it to load anything.
 */
#include "common/io.h"
#include "replay/buffer.h"
#include "replay/export.h"
#include "replay/json_out.h"
#include "replay/safe.h"
#include "replay/units.h"
#include "replay/web_player.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char page_head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src "
    "'unsafe-inline' "
    "'wasm-unsafe-eval' blob:; worker-src blob: data:; style-src 'unsafe-inline'; img-src data:; "
    "font-src data:; "
    "connect-src data: blob:\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>";
static const char page_style[] =
    "body{margin:0;font:15px/1.4 sans-serif;background:#16181d;color:#ddd}\n"
    "header{padding:10px 16px 0;color:#9aa}\n"
    "header b{color:#fff;margin-right:1em}\n"
    "main{display:flex;gap:16px;padding:10px 16px;height:calc(100vh - "
    "3.6em);box-sizing:border-box}\n"
    "#player{flex:1 1 640px;min-width:0;height:100%}\n"
    "nav{flex:0 1 260px;max-height:100%;overflow:auto}\n"
    "@media(max-width:800px){main{flex-direction:column}#player{flex:1 1 "
    "60vh;height:60vh}nav{flex:1 1 auto}}\n"
    "nav button{display:block;width:100%;padding:3px 6px;border:0;background:none;color:inherit;"
    "font:13px "
    "monospace;text-align:left;white-space:pre-wrap;overflow-wrap:anywhere;cursor:pointer}\n"
    "nav button:hover,nav button:focus{background:#2b2f38}\n";
static const char page_script[] =
    "const cast = JSON.parse(document.getElementById('cast').textContent);\n"
    "const events = cast.split('\\n').slice(1).filter(line => line).map(line => "
    "JSON.parse(line));\n"
    "const first = events.find(event => event[1] === 'o');\n"
    "const player = AsciinemaPlayer.create({data: cast}, document.getElementById('player'),\n"
    "  {fit: 'both', poster: 'npt:' + (first ? first[0] + 1 : 0)});\n"
    "const nav = document.querySelector('nav');\n"
    "const clock = s => Math.floor(s / 60) + ':' + String(Math.floor(s % 60)).padStart(2, '0');\n"
    "for (const [time, code, text] of events) {\n"
    "  if (code !== 'm') continue;\n"
    "  const chapter = document.createElement('button');\n"
    "  chapter.textContent = clock(time) + '  ' + text;\n"
    "  chapter.onclick = () => player.seek(time);\n"
    "  nav.append(chapter);\n"
    "}\n"
    "if (!nav.firstChild) nav.remove();\n";

static void
html_text(struct buffer *b, const char *text)
{
	for (; *text; text++)
		if (*text == '<')
			buffer_string(b, "&lt;");
		else if (*text == '&')
			buffer_string(b, "&amp;");
		else
			buffer_add(b, text, 1);
}

/* JSON in which no '<' begins a tag: "</script" or "<!--" would end it, whatever the string says. */
static void
html_json(struct buffer *b, const char *text, size_t len)
{
	struct buffer json = {0};

	json_string(&json, text, len);
	b->failed |= json.failed;
	for (size_t i = 0; i < json.len; i++)
		if (json.data[i] == '<')
			buffer_string(b, "\\u003c");
		else
			buffer_add(b, &json.data[i], 1);
	buffer_free(&json);
}

static void
html_field(struct buffer *b, const char *before, const char *text)
{
	char *safe = text && *text ? safe_copy(text, strlen(text)) : NULL;

	if (!safe)
		return;
	buffer_string(b, before);
	html_text(b, safe);
	free(safe);
}

/* Who, on which machine, from where, when: as the recording's header has it. */
static void
page_about(struct buffer *b, const struct cast *cast, const char *name)
{
	const char *user = cast_field(cast, "user");
	char when[UNITS_TEXT];

	buffer_string(b, "<header><b>");
	html_field(b, "", name);
	buffer_string(b, "</b>");
	html_field(b, " ", user ? user : cast_field(cast, "uid"));
	html_field(b, " on ", cast_field(cast, "host"));
	html_field(b, " from ", cast_field(cast, "addr"));
	if (cast_header(cast)->timestamp > 0)
		html_field(b, ", ", units_time(cast_header(cast)->timestamp, when, sizeof when));
	buffer_string(b, "</header>\n");
}

static void
page_add(struct buffer *b, const struct export_options *o, const char *about, const char *cast,
    size_t len)
{
	size_t n;
	const char *text;

	buffer_string(b, page_head);
	html_text(b, o->name);
	buffer_string(b, "</title>\n<style>\n");
	text = web_player_style(&n);
	buffer_add(b, text, n);
	buffer_string(b, page_style);
	buffer_string(b, "</style>\n</head>\n<body>\n");
	buffer_string(b, about);
	buffer_string(b, "<main><div id=\"player\"></div><nav></nav></main>\n"
			 "<script type=\"application/json\" id=\"cast\">");
	html_json(b, cast, len);
	buffer_string(b, "</script>\n<script>\n");
	text = web_player_script(&n);
	buffer_add(b, text, n);
	buffer_string(b, "\n</script>\n<script>\n");
	buffer_string(b, page_script);
	buffer_string(b, "</script>\n</body>\n</html>\n");
}

static int
page_write(const struct export_options *o, const char *about, int cast_fd)
{
	struct buffer b = {0};
	struct stat st;
	char *cast;
	int error = 0;

	if (fstat(cast_fd, &st) != 0)
		return -errno;
	cast = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, cast_fd, 0);
	if (cast == MAP_FAILED)
		return -errno;
	page_add(&b, o, about, cast, (size_t)st.st_size);
	error = b.failed ? -ENOMEM : io_write_all(o->out_fd, b.data, b.len);
	munmap(cast, (size_t)st.st_size);
	buffer_free(&b);
	return error;
}

long
export_html(struct cast *cast, const struct export_options *o, struct cast_error *err)
{
	struct export_options inner = *o;
	struct buffer about = {0};
	long result;
	size_t n;
	int error;

	if (!web_player_script(&n)) {
		cast_free(cast);
		return -EOPNOTSUPP;
	}
	inner.out_fd = memfd_create("cast", MFD_CLOEXEC);
	if (inner.out_fd < 0) {
		cast_free(cast);
		return -errno;
	}
	page_about(&about, cast, o->name);
	buffer_add(&about, "", 1);
	result = export_cast(cast, &inner, err);
	error = result < 0 ? 0 : about.failed ? -ENOMEM : page_write(o, about.data, inner.out_fd);
	io_close(&inner.out_fd);
	buffer_free(&about);
	return error ? error : result;
}
