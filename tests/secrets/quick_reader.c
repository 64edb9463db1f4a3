/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads one line as systemd-ask-password does, key by key without echo, and is gone; says nothing. */
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

int
main(void)
{
	struct termios before, raw;
	char c = 0;

	if (tcgetattr(0, &before) != 0)
		return 1;
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(0, TCSADRAIN, &raw) != 0)
		return 1;
	while (c != '\n' && c != '\r' && read(0, &c, 1) == 1)
		;
	return tcsetattr(0, TCSADRAIN, &before) != 0;
}
