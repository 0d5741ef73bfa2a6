/* Switches a function off and on that sc-transform.toml names. */
#include <stdio.h>

#include <sc/dynamic_function.h>

#include "server.h"

static void requests(const char *title)
{
	unsigned int before = audited();

	printf("%s\n", title);
	serve("GET /");
	serve("DROP TABLE");
	printf("  %u audited\n", audited() - before);
}

int main(void)
{
	requests("audit on");
	if (dynamic_function_disable(audit)) {
		printf("a plain build: audit cannot be switched\n");
		return 0;
	}
	requests("audit off");
	dynamic_function_enable(audit);
	requests("audit on again");
	return 0;
}
