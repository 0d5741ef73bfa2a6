#include "pieces.h"

int small(int n)
{
	return n;
}

int larger(int n)
{
	return 10 * n;
}

DEFINE_STATIC_CALL(piece, small);

int one(int n)
{
	return 10 * static_call(piece)(n) + static_call(piece)(n);
}

__attribute__((section(".text.apart"))) int own_place(int n)
{
	return static_call(piece)(n);
}
