/* Another object that uses the same keys. */
#include "walked.h"

long elsewhere(long a);
long elsewhere(long a)
{
	return static_branch_unlikely(&flag) ? static_call(key)(a) : a;
}
