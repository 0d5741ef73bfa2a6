#include <sc/static_call.h>

int small(int n);
int larger(int n);

DECLARE_STATIC_CALL(piece, small);

/* In each unit; the linker keeps the first. */
__attribute__((weak)) int either_unit(int n)
{
	return static_call(piece)(n) + 10 * static_call(piece)(n);
}
