/*
 * A way of calling a function that is chosen at run time, as every program here
 * uses it. WAY_FILE is the way's own header, which defines
 *
 *	WAY_DECLARE;		in each unit that calls
 *	WAY_DEFINE;		in one unit: starts at FIRST
 *	WAY_CALL(value)		an expression
 *	WAY_CHOOSE(second)	FIRST or SECOND from now on; 0, or -1 where it cannot
 *
 * A program says before what SECOND is: a function of a prototype, or NOTHING.
 * It ends with one of these.
 */
#ifndef WAY_H
#define WAY_H

enum {
	WORKS,
	WRONG = 10,		/* another result than the chosen function's */
	CANNOT = 11,		/* the way has no means for this */
	NOT_TESTED = 12,	/* what was to be tested did not come about */
};

long target_a(long value);	/* value + 1 */
long target_b(long value);	/* value + 2 */

#ifndef FIRST
# define FIRST target_a
#endif
#ifdef SECOND_IS_NOTHING
# define SECOND_CALLED(value) ((void)(value), 0l)
# define SECOND_POINTER 0
#else
# ifndef SECOND
#  define SECOND target_b
# endif
# define SECOND_CALLED(value) SECOND(value)
# define SECOND_POINTER SECOND
#endif

#include WAY_FILE

#ifndef WAY_THREAD_STARTS
# define WAY_THREAD_STARTS() ((void)0)
# define WAY_THREAD_ENDS() ((void)0)
#endif

#endif
