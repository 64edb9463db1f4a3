/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_VERIFY_AUDIT_H
#define REPLAY_VERIFY_AUDIT_H

#include "replay/verify.h"

/*
 * What the audit trail says of recordings: ausearch's output or audit.log itself, read once. Every
 * record with "op=ttywrap-…" and "rec=NAME" makes a recording known; op=ttywrap-seal has its
 * hashes; op=ttywrap-prune says that it was taken away by the retention policy.
 */

struct verify_audit;

/* Takes fd over, also on failure. Returns NULL and sets errno when there is no memory or no
 * reading. */
struct verify_audit *verify_audit_new(int fd);
void verify_audit_free(struct verify_audit *);

/* Records that say they are ours and are not well formed. */
size_t verify_audit_malformed(const struct verify_audit *);

/* Holds a recording's seals against the trail's, changes its verdict and text accordingly, and
 * marks it as found. */
void verify_audit_compare(struct verify_audit *, struct verify *v);

/* Calls missing() for each recording that is known, was not compared, and not pruned. Returns their
 * number. */
size_t verify_audit_missing(
    const struct verify_audit *, void (*missing)(const char *rec, size_t seals, int closed));

#endif
