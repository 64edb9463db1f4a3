/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_DISCIPLINE_H
#define PUMP_DISCIPLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct termios;

/*
 * What the kernel's terminal line discipline does with the bytes that are
 * written to a PTY master, up to what read(2) on the slave returns. Pure: bytes
 * and modes in, bytes out. The source of every rule is drivers/tty/n_tty.c of
 * Linux 6.18; its function names stand at the rules. The oracle
 * is a real PTY (tests/unit/pump/discipline_pty_test.c).
 *
 * Where it differs from a real slave, and why:
 *  - VMIN and VTIME are left out. They decide when a read outside canonical mode
 *    returns and how much of what is there one read takes, never what the bytes
 *    are; discipline_read() returns all that is there.
 *  - A reader woken by a line end can take the line before a ^C of the same
 *    write flushes it. That race is the kernel's; here the flush always wins.
 *  - Nothing comes in but bytes: no parity errors, breaks and overruns (a PTY
 *    has none), no TIOCSTI (dev.tty.legacy_tiocsti is off since Linux 6.2).
 *  - With EXTPROC and ICANON together a buffer filled up without a read makes the
 *    kernel lose count (n_tty_receive_buf_common takes read_head back behind
 *    commit_head, FIONREAD becomes -1). Here the byte that is dropped is gone.
 *  - With PARMRK a \377 that is doubled can run over a full buffer by a byte or
 *    two, and the kernel then reads bytes that it has overwritten, or wiped after
 *    a read without echo. Here they are overwritten too, but not wiped.
 *  - Echo, signals and stopped output are not modelled; ^S and ^Q are taken out
 *    of the input as IXON has it, and change nothing else that a reader sees.
 */
struct discipline;

/* What the kernel's read buffer holds (N_TTY_BUF_SIZE). */
enum {
	DISCIPLINE_SIZE = 4096
};

/* A slave as after open(2), with these modes. NULL when there is no memory. */
struct discipline *discipline_new(const struct termios *modes);

/* Overwrites what it held. NULL is legal. */
void discipline_free(struct discipline *d);

/* tcsetattr(TCSANOW): what is pending is kept, and seen through the new ICANON. */
void discipline_set_modes(struct discipline *d, const struct termios *modes);

/* Throws away what is pending: tcflush(TCIFLUSH), the flush of TCSAFLUSH, TIOCPKT_FLUSHREAD. */
void discipline_flush(struct discipline *d);

/*
 * Takes n bytes written to the master. Returns how many of them the buffer had
 * room for; the rest waits in the kernel's flip buffer, and is to be offered
 * again after a read, after a flush and ahead of the bytes of the next write. A
 * change of modes alone does not move it.
 */
size_t discipline_receive(struct discipline *d, const uint8_t *bytes, size_t n);

/*
 * FIONREAD on the slave: in canonical mode the bytes of whole lines. An EOF mark
 * does not count, unless it ends a line that fills the whole buffer.
 */
size_t discipline_unread(const struct discipline *d);

/* Everything held, an unfinished canonical line and EOF marks included. */
size_t discipline_held(const struct discipline *d);

/* Whether a canonical line without its end is among it. */
bool discipline_unfinished(const struct discipline *d);

/* How many of the next n bytes held come before the first c; n if it is not among them. */
size_t discipline_find(const struct discipline *d, uint8_t c, size_t n);

/* How many bytes that could have been read signal characters have flushed so far. */
size_t discipline_flushed(const struct discipline *d);

/* Whether a read on the slave would return at once (with 0 at an EOF mark). */
bool discipline_readable(const struct discipline *d);

/*
 * read(2) on the slave with a buffer of n (> 0) bytes. Returns the bytes put
 * into buf, 0 for EOF in canonical mode, -EAGAIN when the read would block.
 * *line is set to whether the read ended with a line delimiter or an EOF mark,
 * which is where the kernel pushes its TTY audit buffer (tty_audit_push; not for
 * an EOF mark right behind the last byte that n allows, but here too).
 * What was read is wiped here.
 */
ssize_t discipline_read(struct discipline *d, uint8_t *buf, size_t n, bool *line);

#endif
