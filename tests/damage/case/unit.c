#include <sc/sc.h>

void note(int what);

static int add(int a, int b) { return a + b; }
static int subtract(int a, int b) { return a - b; }
static void speak(int what) { note(what); }

/* What lies before a key's trampoline may end where it likes. */
__asm__(".pushsection .static_call.text,\"ax\",%progbits\n\t"
	".p2align 2\n\t"
	".skip 4\n\t"
	".popsection");

DEFINE_STATIC_CALL(operate, add);
DEFINE_STATIC_CALL_NULL(hook, speak);
DEFINE_STATIC_CALL_RET0(zero, add);
DEFINE_STATIC_CALL_NULL(unset, add);

DEFINE_STATIC_KEY_TRUE(up);
DEFINE_STATIC_KEY_FALSE(down);
DEFINE_STATIC_KEY_FALSE(early);

int calls(int a, int b)
{
	static_call(hook)(a);
	return 100 * static_call(operate)(a, b) + static_call(zero)(a, b) +
	       static_call(unset)(a, b);
}

int guards(void)
{
	int seen = 0;

	if (static_branch_likely(&up))
		seen |= 1;
	if (static_branch_unlikely(&up))
		seen |= 2;
	if (static_branch_likely(&down))
		seen |= 4;
	if (static_branch_unlikely(&down))
		seen |= 8;
	if (static_branch_unlikely(&early))
		seen |= 16;
	return seen;
}

int guards_again(void)
{
	return static_branch_unlikely(&down) ? 1 : static_branch_likely(&up) ? 2 : 3;
}

static unsigned int seen;

static void look(int what) { seen += what; }
static long negative(unsigned int n) { return (int)n; }
static signed char narrow(short n) { return (signed char)n; }

DEFINE_STATIC_CALL(watch, look);
DEFINE_STATIC_CALL(widen, negative);
DEFINE_STATIC_CALL(shorten, narrow);

/* More values than one list of registers holds live on over a call. */
double across(int n, double x)
{
	double a = x * 1.5, b = x + 2.0, c = x - 3.0, d = x / 4.0;
	double e = a * b, f = b * c, g = c * d, h = d * a, i = e + x, j = f - x;
	int k = n * 3, l = n ^ 5, m = n + 7;

	n = static_call(operate)(k, l);
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j +
	       k + 2 * l + 3 * m + n;
}

/* More integers than a call preserves registers. */
volatile int held[16] = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3 };

int crowded(int n)
{
	int a = held[0], b = held[1], c = held[2], d = held[3], e = held[4], f = held[5];
	int g = held[6], h = held[7], i = held[8], j = held[9], k = held[10], l = held[11];
	int m = held[12], o = held[13], p = held[14], q = held[15];

	n = static_call(operate)(n, 2);
	return n + a + b * 3 + c * 5 + d * 7 + e * 11 + f * 13 + g * 17 + h * 19 + i * 23 + j * 29 +
	       k * 31 + l * 37 + m * 41 + o * 43 + p * 47 + q * 53;
}

/* What a target changes in memory is read again; a leaf function's locals lie below the stack. */
int memory(int n)
{
	volatile int kept[6] = { n, n + 1, n + 2, n + 3, n + 4, n + 5 };
	unsigned int before = seen;

	static_call(watch)(n);
	return (int)(seen - before) * 100000 + kept[0] * 10000 + kept[1] * 1000 + kept[2] * 100 +
	       kept[3] * 10 + kept[4] + kept[5];
}

/* What is called through a pointer, which some builds check. */
SC_DYNAMIC(-1) int switched(int a)
{
	return 2 * a;
}

int (*volatile pointed)(int) = switched;

int through(int a)
{
	return pointed(a);
}

/* Arguments and results that are narrower than a register. */
long extended(unsigned int n)
{
	return static_call(widen)(n + 0x80000000u) + static_call(shorten)((short)(n + 200));
}

int last(int a, int b)
{
	return static_call(operate)(b, a);
}

int last_if(int a);

#if !defined(SC_TRAMPOLINE_H) || !(defined(__x86_64__) || defined(__aarch64__))
int last_if(int a)
{
	return a ? static_call(operate)(a, 2) : -1;
}
#else

/* What is called through a pointer has its type in the word before it, where that is checked. */
# if defined(__has_feature)
#  if __has_feature(kcfi)
#   define TYPE ".long __kcfi_typeid_last_if\n\t"
#  endif
# endif
# if !defined(TYPE)
#  define TYPE
# endif

# if defined(__x86_64__)
__asm__(".pushsection .text\n\t.globl last_if\n\t.type last_if, %function\n\t" TYPE "last_if:\n\t"
	".cfi_startproc\n\tendbr64\n\ttestl %edi, %edi\n\tmovl $2, %esi\n\tjne __SCT__operate\n\t"
	"movl $-1, %eax\n\tret\n\t.cfi_endproc\n\t.size last_if, . - last_if\n\t.popsection");
# else
__asm__(".pushsection .text\n\t.globl last_if\n\t.type last_if, %function\n\t" TYPE "last_if:\n\t"
	".cfi_startproc\n\thint #34\n\tmov w1, #2\n\tcbnz w0, __SCT__operate\n\t"
	"mov w0, #-1\n\tret\n\t.cfi_endproc\n\t.size last_if, . - last_if\n\t.popsection");
# endif
#endif

void last_hook(int what)
{
	static_call(hook)(what);
}
