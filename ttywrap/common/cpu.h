/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMMON_CPU_H
#define COMMON_CPU_H

/*
 * cpu_has(SSSE3, "ssse3"): can the processor do this? On x86-64 only.
 *
 * From what the dynamic linker has found out already (glibc 2.33). The compiler's own way asks the
 * processor anew as the program starts, and in a virtual machine each of these CPUID instructions
 * goes out to the host: 0.2 ms for every login.
 */
#if defined __x86_64__ && defined __GNUC__
#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#define cpu_has(name, word) x86_cpu_active(x86_cpu_##name)
#else
#define cpu_has(name, word) __builtin_cpu_supports(word)
#endif
#endif

#endif
