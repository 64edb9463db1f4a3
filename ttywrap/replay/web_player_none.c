/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program: built without the web player. */
#include "replay/web_player.h"

const char *
web_player_script(size_t *len)
{
	*len = 0;
	return NULL;
}

const char *
web_player_style(size_t *len)
{
	*len = 0;
	return NULL;
}
