/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TTYACCT_PAM_EXEC_H
#define TTYACCT_PAM_EXEC_H

/* `ttyacct --pam [options]`, started by pam_exec.so: what pam_ttyacct.so does, in a process of its
 * own. The exit status. */
int pam_exec_run(int argc, const char **argv);

#endif
