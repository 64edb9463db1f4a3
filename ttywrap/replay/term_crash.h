/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_TERM_CRASH_H
#define REPLAY_TERM_CRASH_H

#include <termios.h>

/*
 * While armed, a signal that ends the program because of a bug (SEGV, BUS, ILL, FPE, ABRT, SYS) first writes
 * leave (n bytes that live as long) to fd and puts the modes back: a terminal in raw mode would outlive the bug.
 */
void term_crash_arm(int fd, const struct termios *modes, const char *leave, unsigned n);
void term_crash_disarm(void);

#endif
