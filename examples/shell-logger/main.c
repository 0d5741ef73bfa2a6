#include <stdio.h>

#include "log.h"

static void work(int number)
{
	log_debug("work on %d begins", number);
	if (number < 0)
		log_error("%d is negative", number);
	log_info("work on %d is done", number);
}

int main(void)
{
	printf("--- errors\n");
	work(1);
	work(-1);
	log_set_level(DEBUG);
	printf("--- all\n");
	work(2);
	log_set_level(INFO);
	printf("--- no details\n");
	work(-3);
	return 0;
}
