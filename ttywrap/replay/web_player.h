/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_WEB_PLAYER_H
#define REPLAY_WEB_PLAYER_H

#include <stddef.h>

/*
 * asciinema's web player (npm: asciinema-player, Apache-2.0), put into the program when it was built
 * (tools/web-player). Returns the text and its length; NULL when it was built without.
 */
const char *web_player_script(size_t *len);
const char *web_player_style(size_t *len);

#endif
