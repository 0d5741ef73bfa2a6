/* SPDX-License-Identifier: MIT */
/* A unit with a site that is a pair, as compilers write calls; the table names its first instruction. */
#include <sc/sc.h>

long one(long a);
long two(long a);
__attribute__((noinline)) long one(long a) { return a + 1; }
DEFINE_STATIC_CALL(key, one);
__asm__(".pushsection .text\n\t"
	".p2align 3\n\t"
	".option push\n\t"
	".option norelax\n\t"
	".option norvc\n\t"
	".globl by_pair, pair_site\n\t"
	".type by_pair, %function\n"
	"by_pair:\n\t"
	"addi sp, sp, -16\n\t"
	"sd ra, 0(sp)\n"
	"pair_site:\n\t"
	"call __SCT__key\n\t"
	"ld ra, 0(sp)\n\t"
	"addi sp, sp, 16\n\t"
	"ret\n\t"
	".size by_pair, . - by_pair\n\t"
	".option pop\n\t"
	".popsection\n\t"
	".pushsection static_call_sites,\"awR?\",%progbits\n\t"
	".p2align 2\n\t"
	".long pair_site - .\n\t"
	".long __SCP__key - .\n\t"
	".popsection");
long by_pair(long a);
__attribute__((used, aligned(0x40000))) static void filler(void) { __asm__ volatile(".skip 0x5678"); }
__attribute__((noinline)) long two(long a) { return a + 2; }
volatile long seen[2];
void sites(void);
void sites(void)
{
	seen[0] = seen[1] = by_pair(7);
}
void _start(void) { }
