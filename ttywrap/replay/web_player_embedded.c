/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program: the web player's files as they came, WEB_PLAYER_JS and _CSS being their paths. */
#include "replay/web_player.h"

/* clang-format off */
__asm__(".section .rodata\n"
	".global web_player_js, web_player_js_end, web_player_css, web_player_css_end\n"
	"web_player_js: .incbin \"" WEB_PLAYER_JS "\"\n"
	"web_player_js_end: .byte 0\n"
	"web_player_css: .incbin \"" WEB_PLAYER_CSS "\"\n"
	"web_player_css_end: .byte 0\n"
	".previous\n");
/* clang-format on */

extern const char web_player_js[], web_player_js_end[], web_player_css[], web_player_css_end[];

const char *
web_player_script(size_t *len)
{
	*len = (size_t)(web_player_js_end - web_player_js);
	return web_player_js;
}

const char *
web_player_style(size_t *len)
{
	*len = (size_t)(web_player_css_end - web_player_css);
	return web_player_css;
}
