/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_SANDBOX_H
#define REPLAY_SANDBOX_H

/*
 * A recording is somebody else's bytes, and reading it takes parsers, decompressors and a terminal
 * emulator. So what may be done is cut down before the first byte of one is read: no file is made,
 * changed or removed, no program run, nobody talked to.
 */
enum sandbox {
	SANDBOX_ONE, /* the recording, the terminal and the files to be written are open; no other will be */
	SANDBOX_MANY, /* more are opened, for reading; and a process for each CPU may be made */
	SANDBOX_KINDS
};

/*
 * For the rest of the process's life. What is not allowed ends it with SIGSYS, which the terminal
 * survives (term_crash.h). Returns 0, or an exit status when that is not to be had, with the reason
 * said.
 */
int sandbox_enter(enum sandbox);

#endif
