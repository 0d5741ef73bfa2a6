#define WAY_DECLARE extern long (*way_pointer)(long)
#define WAY_DEFINE long (*way_pointer)(long) = FIRST
#define WAY_CALL(value) __atomic_load_n(&way_pointer, __ATOMIC_RELAXED)(value)
#define WAY_CHOOSE(second) \
	(__atomic_store_n(&way_pointer, (second) ? SECOND_POINTER : FIRST, __ATOMIC_RELEASE), 0)
