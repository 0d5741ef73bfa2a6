/* Spends its time in calls while their key is updated now and then; then says where its code lies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "walked.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int count, char **words)
{
	double end = now() + atof(words[1]);
	volatile long sum = 0;
	char line[512];
	FILE *maps;
	int i;

	for (i = 0; now() < end; i++) {
		static_call_update(key, i & 1 ? one : two);
		for (int k = 0; k < 100000; k++)
			sum += outer(k);
	}
	maps = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "xp "))
			fputs(line, stdout);
	(void)count;
	return 0;
}
