#include <sc/static_call.h>
#include <sc/static_key.h>

#include "hooks.h"

static unsigned int used_slots;

#define HOOK_SLOT(n, hook) \
	DEFINE_STATIC_CALL_NULL(lsm_##hook##_##n, *((struct lsm *)0)->hook); \
	static DEFINE_STATIC_KEY_FALSE(lsm_active_##hook##_##n);

LSM_SLOTS(HOOK_SLOT, file_open)
LSM_SLOTS(HOOK_SLOT, task_exit)

/* The first hook that refuses ends the chain. */
#define CALL_INT(n, hook, ...) \
	if (static_branch_unlikely(&lsm_active_##hook##_##n)) { \
		int err = static_call(lsm_##hook##_##n)(__VA_ARGS__); \
		if (err) \
			return err; \
	}

#define CALL_VOID(n, hook, ...) \
	if (static_branch_unlikely(&lsm_active_##hook##_##n)) \
		static_call(lsm_##hook##_##n)(__VA_ARGS__);

#define SET_SLOT(n, hook) \
	case n: \
		if (lsm && lsm->hook) { \
			static_call_update(lsm_##hook##_##n, lsm->hook); \
			static_branch_enable(&lsm_active_##hook##_##n); \
		} else { \
			static_branch_disable(&lsm_active_##hook##_##n); \
			static_call_update(lsm_##hook##_##n, (void *)0); \
		} \
		break;

static void set_slot(unsigned int slot, const struct lsm *lsm)
{
	switch (slot) {
	LSM_SLOTS(SET_SLOT, file_open)
	}
	switch (slot) {
	LSM_SLOTS(SET_SLOT, task_exit)
	}
}

int security_file_open(const char *path, int uid)
{
	LSM_SLOTS(CALL_INT, file_open, path, uid)
	return 0;
}

void security_task_exit(int uid)
{
	LSM_SLOTS(CALL_VOID, task_exit, uid)
}

int security_add(const struct lsm *lsm)
{
	unsigned int slot;

	for (slot = 0; slot < NR_LSM_SLOTS; slot++) {
		if (used_slots & (1u << slot))
			continue;
		used_slots |= 1u << slot;
		set_slot(slot, lsm);
		return (int)slot;
	}
	return -28;
}

void security_remove(int slot)
{
	set_slot(slot, 0);
	used_slots &= ~(1u << slot);
}
