#include <stdio.h>

#include "filter.h"

int main(void)
{
	static const struct packet packets[] = {
		{ 0x0a000001, 22, 60 },
		{ 0x0a000002, 443, 9000 },
		{ 0xc0a80001, 22, 1600 },
		{ 0xc0a80003, 22, 52 },
		{ 0x0a000003, 80, 4000 },
		{ 0xc0a80002, 53, 80 },
	};
	static const char *const rules[] = { "none", "ssh", "local-jumbo", "none" };
	size_t count = sizeof(packets) / sizeof(*packets);

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		if (filter_rule(rules[i]))
			return 1;
		printf("%s: %zu of %zu\n", rules[i], filter_run(packets, count), count);
	}
	return 0;
}
