/* The choice is made when the program is loaded, for good: IFUNC_CHOICE stands for it. */
#define WAY_DECLARE extern long way_ifunc(long)
#define WAY_DEFINE								\
	static long (*way_resolve(void))(long)					\
	{									\
		return IFUNC_CHOICE ? SECOND_POINTER : FIRST;			\
	}									\
	long way_ifunc(long) __attribute__((__ifunc__("way_resolve")))
#define WAY_CALL(value) way_ifunc(value)
#define WAY_CHOOSE(second) ((second) == IFUNC_CHOICE ? 0 : -1)
