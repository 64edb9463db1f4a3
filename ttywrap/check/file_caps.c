/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttywrap-check. The attribute's layout is the kernel's (vfs_cap_data, security/commoncap.c),
 * little-endian. */
#include "check/file_caps.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/types.h>
#include <sys/xattr.h>

int
file_caps_parse(const void *attr, size_t len, struct file_caps *caps)
{
	struct vfs_ns_cap_data d = {0};
	uint32_t magic;

	*caps = (struct file_caps){0};
	if (len != XATTR_CAPS_SZ_2 && len != XATTR_CAPS_SZ_3)
		return -EINVAL;
	memcpy(&d, attr, len);
	magic = le32toh(d.magic_etc);
	if ((magic & VFS_CAP_REVISION_MASK) !=
	    (len == XATTR_CAPS_SZ_2 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3))
		return -EINVAL;
	caps->permitted = le32toh(d.data[0].permitted) | (uint64_t)le32toh(d.data[1].permitted)
							     << 32;
	caps->inheritable =
	    le32toh(d.data[0].inheritable) | (uint64_t)le32toh(d.data[1].inheritable) << 32;
	caps->effective = (magic & VFS_CAP_FLAGS_EFFECTIVE) != 0;
	caps->rootid = le32toh(d.rootid);
	return 0;
}

int
file_caps_read(const char *path, struct file_caps *caps)
{
	unsigned char attr[XATTR_CAPS_SZ_3 + 1];
	ssize_t n = getxattr(path, "security.capability", attr, sizeof attr);

	*caps = (struct file_caps){0};
	if (n < 0)
		return errno == ENODATA || errno == ENOTSUP ? 0 : -errno;
	return file_caps_parse(attr, (size_t)n, caps);
}
