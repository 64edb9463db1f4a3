/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <stdio.h>

struct findings;

/* The parts of 'ttywrap --check'. Each looks at this machine, changes nothing, and adds its
 * findings. */

/* check_files.c: the user and group, the folders, and whether only root can change the programs. */
void check_accounts(struct findings *);
void check_folders(struct findings *);
void check_programs(struct findings *);

/* check_privilege.c: owner, mode and capabilities of ttywrap itself, and what could keep them from
 * working. */
void check_privilege(struct findings *);

/* check_shells.c: the configuration, for everybody whose shell is ttywrap, and their real shells.
 */
void check_config(struct findings *);
void check_candidate(struct findings *, const char *path); /* a configuration not in force yet */
void check_shells(struct findings *);

/* check_kernel.c: audit, terminals, disk space, connection tracking. */
void check_audit(struct findings *);
void check_terminals(struct findings *);
void check_disk(struct findings *);
void check_conntrack(struct findings *);

/* check_sshd.c: hints about sshd_config and sshd's PAM stack. */
void check_sshd(struct findings *);

/* check_sessions.c: recordings that have no end and no session any more. */
void check_sessions(struct findings *);

/* check_user.c: which settings hold for one user, and from which line; candidate: by that file, or
 * NULL. */
void check_user(struct findings *, const char *name, const char *candidate);

/* check_user.c: the built-in settings, one a line as in ttywrap.conf(5), "-" for what is not set.
 */
void print_defaults(FILE *out);

#endif
