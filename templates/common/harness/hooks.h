/* SPDX-License-Identifier: MIT */
/*
 * The runtime's hooks in the emulator: calls of empty functions, at which the
 * verifier sees where an update begins, publishes, synchronises and ends.
 */
#ifndef H_HOOKS_H
#define H_HOOKS_H

void __h_lock(void);
void __h_unlock(void);
void __h_publish(void);
void __h_sync(void);

#define SC_HOOK_LOCK() __h_lock()
#define SC_HOOK_UNLOCK() __h_unlock()
#define SC_HOOK_SYNC() (__h_sync(), 0)

/* Where a barrier of this core's is enough, it is that which is looked for. */
#ifndef H_PUBLISH_BY_BARRIER
# define SC_HOOK_PUBLISH() (__h_publish(), 0)
#endif

#endif /* H_HOOKS_H */
