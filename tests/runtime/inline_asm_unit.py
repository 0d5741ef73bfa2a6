"""A unit whose calls are asm, with targets that keep nothing that they need not keep."""

from __future__ import annotations


def _each(template: str, names: list[str]) -> list[str]:
    return [template.format(n) for n in names]


def _asm(name: str, *lines: str) -> str:
    body = "".join(f'\t"{line}\\n\\t"\n' for line in lines)
    return (
        f'__asm__(".text\\n\\t.globl {name}\\n\\t.type {name}, %function\\n{name}:\\n\\t"\n{body}'
        f'\t".size {name}, . - {name}");\n'
    )


_VECTORS = [f"xmm{i}" for i in range(16)]
#: Assembly targets by arch: `trash` ruins every register that a call may ruin and returns the
#: sum of its arguments; `raw` gives the register of its only argument; `odd_bool` and `odd_char`
#: return 0 and 200 with rubbish above them; `tilt` tells how the stack is misaligned.
TARGETS = {
    "x86_64": _asm(
        "trash",
        "addq %rsi, %rdi", "addq %rdx, %rdi", "addq %rdi, %rcx",
        *_each("pcmpeqd %{0}, %{0}", _VECTORS),
        "movq %rcx, %rax",
        *_each("movq $-0x5555, %{}", ["rdi", "rsi", "rdx", "rcx", "r8", "r9", "r10", "r11"]),
        *_each("movq %rax, {}(%rsp)", [str(-8 * i) for i in range(1, 40)]),
        "cmpq $0, %rsp", "ret",
    )
    + _asm("raw", "movq %rdi, %rax", "ret")
    + _asm("odd_bool", "movq $-256, %rax", "ret")
    + _asm("odd_char", "movq $-56, %rax", "ret")
    + _asm("tilt", "leaq 8(%rsp), %rax", "andl $15, %eax", "ret"),
    "arm64": _asm(
        "trash",
        "add x0, x0, x1", "add x0, x0, x2", "add x0, x0, x3",
        *_each("movn {}, #0x5555", [f"x{i}" for i in range(1, 19)]),
        *_each("movi v{}.16b, #0xa5", [str(i) for i in (*range(8), *range(16, 32))]),
        *_each("ins v{}.d[1], x1", [str(i) for i in range(8, 16)]),
        "cmp sp, #0", "ret",
    )
    + _asm("raw", "ret")
    + _asm("odd_bool", "mov x0, #-256", "ret")
    + _asm("odd_char", "mov x0, #-56", "ret")
    + _asm("tilt", "mov x0, sp", "and x0, x0, #15", "ret"),
    "riscv64": _asm(
        "trash",
        "add a0, a0, a1", "add a0, a0, a2", "add a0, a0, a3",
        *_each("li {}, -0x5555", [*(f"a{i}" for i in range(1, 8)), *(f"t{i}" for i in range(7))]),
        *_each("fcvt.d.l {}, t0", [*(f"ft{i}" for i in range(12)), *(f"fa{i}" for i in range(8))]),
        "ret",
    )
    + _asm("raw", "ret")
    + _asm("odd_bool", "li a0, 0", "ret")
    + _asm("odd_char", "li a0, 200", "ret")
    + _asm("tilt", "andi a0, sp, 15", "ret"),
}  # fmt: skip

UNIT = r"""
#include <sc/static_call.h>
typedef long v2 __attribute__((vector_size(16)));
enum colour { RED, GREEN, BLUE = 77 };
typedef void nothing;
long trash(long a, long b, long c, long d);
long raw(unsigned int a);
_Bool odd_bool(void);
unsigned char odd_char(void);
long tilt(void);
long six(signed char a, unsigned char b, short c, unsigned short d, int e, unsigned int f);
char *next(const char *text, _Bool twice, enum colour colour);
enum colour paint(enum colour colour);
int apply(int (*function)(int), int value[static 1]);
nothing note(long what);
nothing walk(void);
DEFINE_STATIC_CALL(k_trash, trash);
DEFINE_STATIC_CALL(k_raw, raw);
DEFINE_STATIC_CALL(k_bool, odd_bool);
DEFINE_STATIC_CALL(k_char, odd_char);
DEFINE_STATIC_CALL(k_tilt, tilt);
DEFINE_STATIC_CALL(k_six, six);
DEFINE_STATIC_CALL(k_next, next);
DEFINE_STATIC_CALL(k_paint, paint);
DEFINE_STATIC_CALL(k_apply, apply);
DEFINE_STATIC_CALL_NULL(k_note, note);
DEFINE_STATIC_CALL(k_walk, walk);
#define TRASH(...) static_call(k_trash)(__VA_ARGS__)

volatile long numbers[16];
volatile double reals[32];
v2 vectors[16];
volatile long many = 5;
long noted;
long six(signed char a, unsigned char b, short c, unsigned short d, int e, unsigned int f)
{
	return a + 3l * b + 5l * c + 7l * d + 11l * e + 13l * f;
}
char *next(const char *text, _Bool twice, enum colour colour)
{
	return (char *)text + 1 + twice + (colour == BLUE);
}
enum colour paint(enum colour colour) { return colour == RED ? BLUE : RED; }
static int twice(int a) { return 2 * a; }
int apply(int (*function)(int), int value[static 1]) { return function(*value); }
nothing note(long what) { noted = what; }

#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) \
	X(14) X(15)
#define FILL(i) numbers[i] = 1000003l * (i + 1);
#define LOAD(i) long l##i = numbers[i];
#define SAME(i) wrong += l##i != numbers[i];
int live_integers(void)
{
	int wrong = 0;
	EACH(FILL)
	EACH(LOAD)
	wrong += static_call(k_trash)(1, 2, 3, 4) != 10;
	EACH(SAME)
	return wrong;
}
#define FILL_REAL(i) reals[i] = i + 0.25; reals[i + 16] = i + 0.75;
#define LOAD_REAL(i) double d##i = reals[i], e##i = reals[i + 16];
#define SAME_REAL(i) wrong += d##i != reals[i]; wrong += e##i != reals[i + 16];
int live_reals(void)
{
	int wrong = 0;
	EACH(FILL_REAL)
	EACH(LOAD_REAL)
	wrong += TRASH(1, 2, 3, 4) != 10;
	EACH(SAME_REAL)
	return wrong;
}
#define FILL_VECTOR(i) vectors[i] = (v2){ many + i, many - i };
#define LOAD_VECTOR(i) v2 w##i = vectors[i] + many;
#define SAME_VECTOR(i) wrong += w##i[0] != 10 + i || w##i[1] != 10 - i;
int live_vectors(void)
{
	int wrong = 0;
	EACH(FILL_VECTOR)
	EACH(LOAD_VECTOR)
	wrong += static_call(k_trash)(1, 2, 3, 4) != 10;
	EACH(SAME_VECTOR)
	return wrong;
}
int red_zone(void)
{
	volatile long own[12];
	int wrong = 0;
	for (int i = 0; i < 12; i++)
		own[i] = many * i;
	wrong += static_call(k_trash)(1, 2, 3, 4) != 10;
	for (int i = 0; i < 12; i++)
		wrong += own[i] != 5 * i;
	return wrong;
}
int aligned(void) { return static_call(k_tilt)(); }
int over_aligned(void)
{
	volatile long own[8] __attribute__((aligned(64)));
	own[7] = many;
	return static_call(k_tilt)() + (static_call(k_trash)(1, 2, 3, 4) != 10) + (own[7] != 5)
		+ (((long)own & 63) != 0);
}
int with_alloca(void)
{
	volatile long *own = __builtin_alloca(8 * many);
	own[0] = 3;
	own[4] = 4;
	return static_call(k_tilt)() + (static_call(k_trash)(1, 2, 3, 4) != 10)
		+ (own[0] + own[4] != 7);
}
int with_vla(void)
{
	int wrong = 0;
	for (int n = 1; n < many; n++) {
		volatile long own[n];
		own[0] = own[n - 1] = n;
		wrong += static_call(k_tilt)() + (static_call(k_trash)(n, 2, 3, 4) != 9 + n);
		wrong += own[0] != n || own[n - 1] != n;
	}
	return wrong;
}
int nested(void)
{
	long sum = static_call(k_trash)(static_call(k_trash)(1, TRASH(1, 1, 1, 1), 1, 1),
		static_call(k_trash, 2, 2, 2, 2), (static_call(k_trash))(many, 0, 0, 0), numbers[0] = 9);
	return sum != 7 + 8 + 5 + 9;
}
long many_arguments(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j)
{
	return a + b + c + d + e + f + g * 2 + h * 3 + i * 5 + j * 7;
}
__typeof__(many_arguments) *volatile far_away = many_arguments;
int argument_on_the_stack(void)
{
	return far_away(1, 2, 3, 4, 5, 6, static_call(k_trash)(1, 2, 3, 4), 8,
		static_call(k_trash)(4, 3, 2, 1), 10) != 21 + 20 + 24 + 50 + 70;
}
int converted(void)
{
	int wrong = 0;
	long big = 0x12345678ff80l + many - 5;
	wrong += static_call(k_six)(big, big, big, big, big, big) != six(big, big, big, big, big, big);
	wrong += static_call(k_six)(-1, -1, -1, -1, -1, -1) != six(-1, -1, -1, -1, -1, -1);
	wrong += static_call(k_bool)() != 0;
	wrong += static_call(k_char)() != 200;
	wrong += static_call(k_next)("abcd", big, BLUE)[0] != 'd';
	wrong += static_call(k_paint)(RED) != BLUE;
	wrong += static_call(k_apply)(twice, (int[]){ 21 }) != 42;
	return wrong;
}
long raw_register(void) { return static_call(k_raw)(0x80000000u + (unsigned)many - 5); }
int set_and_unset(void)
{
	int wrong = 0;
	noted = 1;
	static_call(k_note)(2);
	wrong += noted != 1;
	wrong += static_call_update(k_note, note) != 0;
	static_call_cond(k_note)(3);
	wrong += noted != 3;
	wrong += static_call_query(k_note) != note;
	static_call_update(k_note, (void (*)(long))0);
	return wrong;
}
long (*address(void))(long, long, long, long) { return static_call(k_trash); }
int by_address(void) { return address()(1, 2, 3, 4) != 10; }

int walk_leaf(void) { static_call(k_walk)(); return 1; }
int walk_red_zone(void)
{
	volatile long own[12];
	own[3] = many;
	static_call(k_walk)();
	return own[3] == 5;
}
int walk_alloca(void)
{
	volatile long *own = __builtin_alloca(8 * many);
	own[4] = many;
	static_call(k_walk)();
	return own[4] == 5;
}
int walk_aligned(void)
{
	volatile long own[4] __attribute__((aligned(64)));
	own[3] = many;
	static_call(k_walk)();
	return own[3] == 5;
}
int walk_aligned_alloca(void)
{
	volatile long own[4] __attribute__((aligned(64)));
	volatile long *more = __builtin_alloca(8 * many);
	own[3] = more[1] = many;
	static_call(k_walk)();
	return own[3] == more[1];
}
int walk_loop(void)
{
	for (int i = 0; i < many; i++)
		static_call(k_walk)();
	return 1;
}
int walk_saved(void)
{
	int wrong = 0;
	EACH(LOAD)
	static_call(k_walk)();
	EACH(SAME)
	return !wrong;
}
"""
CHECKS = (
    "live_integers", "live_reals", "live_vectors", "red_zone", "aligned", "over_aligned",
    "with_alloca", "with_vla", "nested", "argument_on_the_stack", "converted", "set_and_unset",
    "by_address",
)  # fmt: skip
WALKS = (
    "walk_leaf", "walk_red_zone", "walk_alloca", "walk_aligned", "walk_aligned_alloca",
    "walk_loop", "walk_saved",
)  # fmt: skip

_LISTED = "".join(f"\tX({n})\n" for n in CHECKS).replace("\n", "\\\n").rstrip("\\\n")
_WALKED = "".join(f"\tX({n})\n" for n in WALKS).replace("\n", "\\\n").rstrip("\\\n")
#: Runs every check, and unwinds the stack out of a target.
MAIN = (
    f"#define CHECKS(X) {_LISTED.lstrip()}\n#define WALKS(X) {_WALKED.lstrip()}\n"
    + r"""
#include <stdio.h>
#include <string.h>
#include <unwind.h>
#define X(name) int name(void);
CHECKS(X) WALKS(X)
#undef X
long raw_register(void);
static void *regions[16];
static int count;
static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *data)
{
	if (count < 16)
		regions[count++] = (void *)_Unwind_GetRegionStart(context);
	return _URC_NO_REASON;
}
__attribute__((noinline)) void walk(void)
{
	count = 0;
	_Unwind_Backtrace(step, NULL);
	__asm__ volatile("");
}
static __attribute__((noinline)) int through(int (*function)(void))
{
	int good;

	memset(regions, 0, sizeof(regions));
	good = function();
	if (regions[1] != (void *)function || regions[2] != (void *)through)
		good = 0;
	__asm__ volatile("");
	return good;
}
int main(void)
{
	int failed = 0;
#define X(name) if (name() && ++failed) puts(#name);
	CHECKS(X)
#undef X
#define X(name) if (!through(name) && ++failed) puts(#name);
	WALKS(X)
	printf("%lx\n", raw_register());
	return failed != 0;
}
"""
)
