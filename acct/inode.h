/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_INODE_H
#define ACCT_INODE_H

#include "connection.h"

/*
 * For connection_of_ancestor_by(): the lowest connected TCP socket of root's among a process's descriptors, or the one
 * that agrees with the hint. Needs root's right to read the process's /proc/PID/fd.
 */
connection_look_fn inode_look;

#endif
