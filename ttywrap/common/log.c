/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher, monitor and the ordinary programs. What it prints may hold the user's own strings. */
#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <termios.h>
#include <unistd.h>

#include "common/io.h"

/* syslog(3) keeps its state in libc; this is the one thing of ours beside it, and it is written
 * once. */
static bool silent;

void
log_open(bool quiet)
{
	silent = quiet;
	openlog("ttywrap", LOG_PID, LOG_AUTHPRIV);
}

/* Copies src with everything but printable ASCII as \ooo. dst always ends in NUL. */
static void
encode(char *dst, size_t n, const char *src)
{
	size_t at = 0;

	for (; *src != '\0' && at + 5 <= n; src++) {
		unsigned char c = (unsigned char)*src;

		if (c >= 0x20 && c < 0x7f)
			dst[at++] = (char)c;
		else
			at += (size_t)snprintf(dst + at, n - at, "\\%03o", c);
	}
	dst[at] = '\0';
}

void
log_admin(int priority, const char *format, ...)
{
	char raw[1024], text[2048];
	va_list ap;

	if (silent)
		return;
	va_start(ap, format);
	vsnprintf(raw, sizeof raw, format, ap);
	va_end(ap);
	encode(text, sizeof text, raw);
	syslog(priority, "%s", text);
}

/* A terminal in raw mode needs the carriage's return said. */
static bool
is_raw(int fd)
{
	struct termios modes;

	return tcgetattr(fd, &modes) == 0 && !(modes.c_oflag & OPOST);
}

void
log_user(const char *format, ...)
{
	char raw[1024], text[2048], line[2100];
	va_list ap;
	int n;

	va_start(ap, format);
	vsnprintf(raw, sizeof raw, format, ap);
	va_end(ap);
	encode(text, sizeof text, raw);
	n = snprintf(
	    line, sizeof line, "ttywrap: %s%s", text, is_raw(STDERR_FILENO) ? "\r\n" : "\n");
	(void)io_write_all(STDERR_FILENO, line, (size_t)n);
}
