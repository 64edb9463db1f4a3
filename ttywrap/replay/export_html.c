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
#include "replay/web_player.h"

#include <errno.h>
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
    "main{display:flex;flex-wrap:wrap;gap:16px;padding:16px}\n"
    "#player{flex:1 1 640px;min-width:0}\n"
    "nav{flex:0 1 320px;max-height:90vh;overflow:auto}\n"
    "nav button{display:block;width:100%;padding:3px 6px;border:0;background:none;color:inherit;"
    "font:13px "
    "monospace;text-align:left;white-space:pre-wrap;overflow-wrap:anywhere;cursor:pointer}\n"
    "nav button:hover,nav button:focus{background:#2b2f38}\n";
static const char page_script[] =
    "const cast = JSON.parse(document.getElementById('cast').textContent);\n"
    "const player = AsciinemaPlayer.create({data: cast}, document.getElementById('player'), {fit: "
    "'width'});\n"
    "const nav = document.querySelector('nav');\n"
    "const clock = s => Math.floor(s / 60) + ':' + String(Math.floor(s % 60)).padStart(2, '0');\n"
    "for (const line of cast.split('\\n').slice(1)) {\n"
    "  if (!line) continue;\n"
    "  const [time, code, text] = JSON.parse(line);\n"
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
page_add(struct buffer *b, const struct export_options *o, const char *cast, size_t len)
{
	size_t n;
	const char *text;

	buffer_string(b, page_head);
	html_text(b, o->name);
	buffer_string(b, "</title>\n<style>\n");
	text = web_player_style(&n);
	buffer_add(b, text, n);
	buffer_string(b, page_style);
	buffer_string(b,
	    "</style>\n</head>\n<body>\n<main><div id=\"player\"></div><nav></nav></main>\n"
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
page_write(const struct export_options *o, int cast_fd)
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
	page_add(&b, o, cast, (size_t)st.st_size);
	error = b.failed ? -ENOMEM : io_write_all(o->out_fd, b.data, b.len);
	munmap(cast, (size_t)st.st_size);
	buffer_free(&b);
	return error;
}

long
export_html(struct cast *cast, const struct export_options *o, struct cast_error *err)
{
	struct export_options inner = *o;
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
	result = export_cast(cast, &inner, err);
	error = result < 0 ? 0 : page_write(o, inner.out_fd);
	io_close(&inner.out_fd);
	return error ? error : result;
}
