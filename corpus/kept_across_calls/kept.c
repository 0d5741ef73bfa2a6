/*
 * Values that are alive across a call: vectors, of which some architectures keep
 * the lower half alone, and the numbers of x87's stack, which must be empty.
 * The targets use all registers of the kind.
 */
#include <sc/static_call.h>

typedef int lanes __attribute__((vector_size(16)));
#if __LDBL_MANT_DIG__ == 64 /* in registers of their own */
typedef long double wide;
#else
typedef double wide;
#endif

#define ALL(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)	\
	X(15) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27)
#define EIGHT(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

static lanes vectors[28];
static wide numbers[8];

/* What was loaded before stays in registers, as far as there are any. */
#define BETWEEN() __asm__ volatile("" : : : "memory")

long use_vectors(long a)
{
#define LOAD(i) lanes v##i = vectors[i] * (int)a;
#define ADD(i) sum = sum * 3 + v##i;
	lanes sum = { 1, 2, 3, 4 };

	ALL(LOAD)
	BETWEEN();
	ALL(ADD)
	return (long)sum[0] + sum[1] + sum[2] + sum[3];
}

long use_numbers(long a)
{
#define LOAD_NUMBER(i) wide n##i = numbers[i] + a;
#define ADD_NUMBER(i) sum = sum / 2 + n##i;
	wide sum = 0;

	EIGHT(LOAD_NUMBER)
	BETWEEN();
	EIGHT(ADD_NUMBER)
	return (long)(16 * sum);
}

long use_both(long a)
{
	return use_vectors(a) + use_numbers(a);
}

DEFINE_STATIC_CALL(work, use_vectors);

void fill(void)
{
	int i;

	for (i = 0; i < 28; i++)
		vectors[i] = (lanes){ i, 7 * i + 1, 100 - i, i * i };
	for (i = 0; i < 8; i++)
		numbers[i] = i + 0.5;
}

long vector_across(long a)
{
	lanes kept = vectors[a] + (int)a;
	long got = static_call(work)(a);

	return 31 * got + kept[0] + 2l * kept[1] + 3l * kept[2] + 5l * kept[3];
}

long vectors_across(long a)
{
	lanes first = vectors[a], second = vectors[a + 1], third = first * second;
	long got = static_call(work)(a);

	third += first - second;
	return 31 * got + third[0] + 2l * third[1] + 3l * third[2] + 5l * third[3];
}

long numbers_across(long a)
{
	wide kept = numbers[a] * 3, other = numbers[a + 1];
	long got = static_call(work)(a);

	return got + (long)(4 * kept) + (long)(64 * other);
}
