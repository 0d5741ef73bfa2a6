#include "pieces.h"

int two(int n)
{
	return 20 * static_call(piece)(n) + static_call(piece)(n);
}
