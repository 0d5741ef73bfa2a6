/* Each idiom in each form; compiled once for each mode. Each stands on a page of its own. */
#include "subject.h"

#include <unistd.h>

#define USE(name) __attribute__((noinline, aligned(4096))) long NAME(name)(long a)
/* What follows the call keeps it from being a tail call. */
#define STAY() __asm__ volatile("" ::: "memory")

USE(integer_call) { long b = static_call(integer)(a); STAY(); return b; }
USE(integer_tail) { return static_call(integer)(a); }
USE(zero_call) { long b = static_call(zero)(a); STAY(); return b; }
USE(zero_tail) { return static_call(zero)(a); }

USE(nothing_call) { static_call(nothing)(a); STAY(); return noted; }
USE(empty_call) { static_call_cond(empty)(a); STAY(); return noted; }
static __attribute__((noinline)) void NAME(tail)(long a) { static_call(nothing)(a); }
USE(nothing_tail) { NAME(tail)(a); return noted; }
static __attribute__((noinline)) void NAME(empty)(long a) { static_call_cond(empty)(a); }
USE(empty_tail) { NAME(empty)(a); return noted; }

USE(on_likely) { if (static_branch_likely(&on)) return a; return 0; }
USE(on_unlikely) { if (static_branch_unlikely(&on)) return a; return 0; }
USE(off_likely) { if (static_branch_likely(&off)) return a; return 0; }
USE(off_unlikely) { if (static_branch_unlikely(&off)) return a; return 0; }

#ifdef LATE
long late_target(long a);
long late_target(long a) { return a + 5; }

/* When this object goes, or the process: by then the program's own destructors have run. */
__attribute__((destructor(150))) static void at_end(void)
{
	if (static_call_query(integer) == late_target)
		return;
	set_integer(two);
	set_integer(three);
	if (!failures())
		return;
	fflush(stdout);
	_exit(1);
}
#endif
