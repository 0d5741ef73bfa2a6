/* The object that comes and goes. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

#include "parts.h"

const char *stress_plugin_path;
const struct plugin *stress_plugin_now;
unsigned long stress_loads, stress_synchronised;

/* Until each caller has left the site at which it may be now. */
static void wait_for_callers(void)
{
	unsigned long epochs[MOST];
	unsigned int i;

	for (i = 0; i < stress_callers_count; i++)
		epochs[i] = __atomic_load_n(&stress_callers[i].epoch, __ATOMIC_ACQUIRE);
	for (i = 0; i < stress_callers_count; i++)
		while (__atomic_load_n(&stress_callers[i].epoch, __ATOMIC_ACQUIRE) == epochs[i] &&
		       !__atomic_load_n(&stress_over, __ATOMIC_ACQUIRE))
			stress_sleep(0.0002);
}

static void wait_until_left(void)
{
	unsigned int i;

	for (i = 0; i < stress_callers_count; i++)
		while (__atomic_load_n(&stress_callers[i].inside, __ATOMIC_SEQ_CST))
			stress_sleep(0.0002);
}

static void visit(const struct plugin *loaded)
{
	unsigned int number;

	do {
		number = stress_begin(VISITING);
		stress_expect(number % TARGETS == 3 ? static_call_update(visiting, loaded->target) :
					       stress_set(VISITING, number), "an update");
		stress_end(VISITING);
	} while (number % TARGETS != 4);
}

/* Signals interrupt callers wherever they are; what then may be inside a target is waited for too. */
static void synchronise(void)
{
	int error = static_call_synchronize();

	if (!error)
		stress_synchronised++;
	else if (error != -ETIMEDOUT)
		stress_expect(error, "static_call_synchronize");
}

void *stress_load(void *data)
{
	(void)data;
	while (!__atomic_load_n(&stress_over, __ATOMIC_RELAXED)) {
		void *stress_handle = dlopen(stress_plugin_path, RTLD_NOW | RTLD_LOCAL);
		const struct plugin *loaded = stress_handle ? dlsym(stress_handle, "stress_plugin") : NULL;
		int i;

		if (!loaded) {
			printf("refused: %s\n", dlerror());
			stress_fail(2);
		}
		stress_history[INNER] = (struct history){ 0, 0 };
		__atomic_store_n(&stress_plugin_now, loaded, __ATOMIC_SEQ_CST);
		for (i = 0; i < 40; i++) {
			stress_expect(loaded->update(stress_begin(INNER)), "an update of the plugin's key");
			stress_end(INNER);
			if (i == 20)
				visit(loaded);
		}
		__atomic_store_n(&stress_plugin_now, NULL, __ATOMIC_SEQ_CST);
		synchronise();
		wait_until_left();
		wait_for_callers();
		if (__atomic_load_n(&stress_over, __ATOMIC_ACQUIRE))
			break;
		stress_expect(dlclose(stress_handle), "dlclose");
		stress_loads++;
	}
	return NULL;
}

