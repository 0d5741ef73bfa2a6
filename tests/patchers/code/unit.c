/* SPDX-License-Identifier: MIT */
/*
 * The unit whose key is patched. `one` and `two` are far enough apart that the
 * branches to them differ in each half, and on the same side of the sites.
 */
#include <sc/sc.h>

long one(long a);
long two(long a);
long by_tail(long a);
long by_call(long a);
__attribute__((noinline)) long one(long a) { return a + 1; }
DEFINE_STATIC_CALL(key, one);
__attribute__((noinline)) long by_tail(long a) { return static_call(key)(a); }
__attribute__((noinline)) long by_call(long a) { return static_call(key)(a) + 1; }
__attribute__((used, aligned(0x40000))) static void filler(void) { __asm__ volatile(".skip 0x5678"); }
__attribute__((noinline)) long two(long a) { return a + 2; }
/* Written by hand: compilers seldom make such a tail call. */
long by_condition(long a);
#if defined(__x86_64__)
__asm__(".pushsection .text\n\t"
	".globl by_condition\n\t"
	".type by_condition, %function\n"
	"by_condition:\n\t"
	"test %rdi, %rdi\n\t"
	"jne __SCT__key\n\t"
	"xor %eax, %eax\n\t"
	"ret\n\t"
	".size by_condition, . - by_condition\n\t"
	".popsection");
#else
__attribute__((noinline)) long by_condition(long a) { return static_call(key)(a); }
#endif
volatile long seen[2];
void sites(void);
void sites(void)
{
	seen[0] = by_call(7) - 1;
	seen[1] = by_tail(7);
}
void _start(void) { }
