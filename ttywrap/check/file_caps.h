/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECK_FILE_CAPS_H
#define CHECK_FILE_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file's capabilities: the extended attribute security.capability, linux/capability.h. */
struct file_caps {
	uint64_t permitted, inheritable; /* 1 << CAP_... */
	bool effective;                  /* raised at exec by itself ('e') */
	uint32_t rootid; /* uid of the user namespace's root they are good for; 0 = the machine's */
};

/* Pure. Returns 0, or -EINVAL when it is no revision 2 or 3 attribute. */
int file_caps_parse(const void *attr, size_t len, struct file_caps *caps);

/* Reads a file's attribute; a file without one has no capabilities. 0 or -errno. */
int file_caps_read(const char *path, struct file_caps *caps);

#endif
