/* Runs the fault that the environment's FAULT names; says what was wrong. */
#include "faults.h"

static const struct fault *const tables[] = {
	policy_faults, limit_faults, byte_faults, target_faults, thread_faults,
	table_faults, load_faults,
};

static const struct fault *chosen;

static const struct fault *named(const char *name)
{
	const struct fault *fault;
	unsigned int i;

	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (fault = tables[i]; fault->name; fault++)
			if (!strcmp(name, fault->name))
				return fault;
	return 0;
}

/* Before the constructors of the program and of its shared objects; not even getenv() works. */
static void early(int argc, char **argv, char **environment)
{
	(void)argc;
	(void)argv;
	for (; *environment; environment++)
		if (!strncmp(*environment, "FAULT=", 6))
			chosen = named(*environment + 6);
	if (chosen && chosen->early)
		chosen->early();
}
__attribute__((section(".preinit_array"), used)) static void (*const start)(int, char **, char **) =
	early;

int main(void)
{
	if (!chosen)
		return 3;
	chosen->run();
	if (writable_text())
		failed("at the end", "%d mappings are writable text", writable_text());
	printf("%d failures\n", failures());
	return failures() != 0;
}
