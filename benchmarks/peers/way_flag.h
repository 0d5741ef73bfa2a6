#define WAY_DECLARE extern int way_flag
#define WAY_DEFINE int way_flag
#define WAY_CALL(value) \
	(__atomic_load_n(&way_flag, __ATOMIC_RELAXED) ? SECOND_CALLED(value) : FIRST(value))
#define WAY_CHOOSE(second) (__atomic_store_n(&way_flag, (second), __ATOMIC_RELEASE), 0)
