/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttywrap --verify by itself. */
#include "replay/verify.h"

int
main(int argc, char **argv)
{
	return verify_main(argc, argv);
}
