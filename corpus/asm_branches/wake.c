#include <sc/static_call.h>

void ticked(int how);

int rouse(int who)
{
	return 100 + who;
}

int doze(int who)
{
	return -who;
}

void count_tick(void)
{
	ticked(1);
}

void tock(void)
{
	ticked(2);
}

DEFINE_STATIC_CALL(wake, rouse);
DEFINE_STATIC_CALL(tick, count_tick);

int wake_if(int who);
int pass_on(int who);
void tick_twice(void);

/* Without trampolines there is nothing to name in assembler. */
#if !defined(SC_TRAMPOLINE_H)

int wake_if(int who)
{
	return who ? static_call(wake)(who) : -1;
}

int pass_on(int who)
{
	return static_call(wake)(who);
}

void tick_twice(void)
{
	static_call(tick)();
	static_call(tick)();
}

#else

/* Where pointers to functions are checked, the type's word stands before each of them. */
#if defined(__has_feature)
# if __has_feature(kcfi)
#  if defined(__x86_64__)
#   define TYPE(name) ".byte 0xb8\n\t.weak __kcfi_typeid_" name "\n\t.long __kcfi_typeid_" name "\n\t"
#  else
#   define TYPE(name) ".weak __kcfi_typeid_" name "\n\t.long __kcfi_typeid_" name "\n\t"
#  endif
# endif
#endif
#ifndef TYPE
# define TYPE(name) ""
#endif

#define FUNCTION(name, body)				\
	__asm__(".pushsection .text\n\t"		\
		".p2align 4\n\t"			\
		TYPE(#name)				\
		".globl " #name "\n\t"			\
		".type " #name ", %function\n"		\
		#name ":\n\t"				\
		".cfi_startproc\n\t"			\
		body					\
		".cfi_endproc\n\t"			\
		".size " #name ", . - " #name "\n\t"	\
		".popsection")

#if defined(__x86_64__)

FUNCTION(wake_if,
	 "endbr64\n\t"
	 "testl %edi, %edi\n\t"
	 "jne __SCT__wake\n\t"
	 "movl $-1, %eax\n\t"
	 "ret\n\t");
FUNCTION(pass_on,
	 "endbr64\n\t"
	 "jmp __SCT__wake\n\t");
FUNCTION(tick_twice,
	 "endbr64\n\t"
	 "subq $8, %rsp\n\t"
	 ".cfi_adjust_cfa_offset 8\n\t"
	 "call __SCT__tick\n\t"
	 "call __SCT__tick\n\t"
	 "addq $8, %rsp\n\t"
	 ".cfi_adjust_cfa_offset -8\n\t"
	 "ret\n\t");

#elif defined(__aarch64__)

FUNCTION(wake_if,
	 "hint #34\n\t"
	 "cbnz w0, __SCT__wake\n\t"
	 "mov w0, #-1\n\t"
	 "ret\n\t");
FUNCTION(pass_on,
	 "hint #34\n\t"
	 "cmp w0, #0\n\t"
	 "b.ne __SCT__wake\n\t"
	 "tbz w0, #0, __SCT__wake\n\t"
	 "ret\n\t");
FUNCTION(tick_twice,
	 "hint #34\n\t"
	 "stp x29, x30, [sp, #-16]!\n\t"
	 ".cfi_def_cfa_offset 16\n\t"
	 ".cfi_offset 29, -16\n\t"
	 ".cfi_offset 30, -8\n\t"
	 "bl __SCT__tick\n\t"
	 "bl __SCT__tick\n\t"
	 "ldp x29, x30, [sp], #16\n\t"
	 ".cfi_def_cfa_offset 0\n\t"
	 ".cfi_restore 29\n\t"
	 ".cfi_restore 30\n\t"
	 "ret\n\t");

#elif defined(__riscv)

/* lpad 0, which does nothing where there are no landing pads. */
#define PAD ".long 0x00000017\n\t"

FUNCTION(wake_if,
	 PAD
	 "beqz a0, 1f\n\t"
	 "tail __SCT__wake\n"
	 "1:\n\t"
	 "li a0, -1\n\t"
	 "ret\n\t");
FUNCTION(pass_on,
	 PAD
	 "tail __SCT__wake\n\t");
FUNCTION(tick_twice,
	 PAD
	 "addi sp, sp, -16\n\t"
	 ".cfi_def_cfa_offset 16\n\t"
	 "sd ra, 8(sp)\n\t"
	 ".cfi_offset 1, -8\n\t"
	 "call __SCT__tick\n\t"
	 "call __SCT__tick\n\t"
	 "ld ra, 8(sp)\n\t"
	 ".cfi_restore 1\n\t"
	 "addi sp, sp, 16\n\t"
	 ".cfi_def_cfa_offset 0\n\t"
	 "ret\n\t");

#else
# error "write the three functions for this arch"
#endif
#endif
