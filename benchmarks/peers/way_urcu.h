/*
 * Userspace RCU (liburcu), flavour "memb": a pointer of which the updater can
 * wait until nobody uses its old value. Each thread that calls is registered.
 */
#define _LGPL_SOURCE		/* reading is inline */
#define RCU_MEMBARRIER
#include <urcu/urcu-memb.h>
#include <urcu/pointer.h>

#define WAY_THREAD_STARTS() urcu_memb_register_thread()
#define WAY_THREAD_ENDS() urcu_memb_unregister_thread()

#define WAY_DECLARE extern long (*way_rcu_pointer)(long)
#define WAY_DEFINE long (*way_rcu_pointer)(long) = FIRST
#define WAY_CALL(value) __extension__({			\
	long way_result;				\
	urcu_memb_read_lock();				\
	way_result = rcu_dereference(way_rcu_pointer)(value);	\
	urcu_memb_read_unlock();			\
	way_result;					\
})
#define WAY_CHOOSE(second) __extension__({					\
	rcu_set_pointer(&way_rcu_pointer, (second) ? SECOND_POINTER : FIRST);	\
	urcu_memb_synchronize_rcu();						\
	0;									\
})
