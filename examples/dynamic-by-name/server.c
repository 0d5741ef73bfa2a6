/* Knows nothing of static calls or keys, and stays as it is. */
#include "server.h"

#include <stdio.h>
#include <string.h>

static unsigned int seen;

int audit(const char *request)
{
	seen++;
	return strncmp(request, "DROP", 4) != 0;
}

void serve(const char *request)
{
	if (audit(request))
		printf("  served %s\n", request);
	else
		printf("  refused %s\n", request);
}

unsigned int audited(void)
{
	return seen;
}
