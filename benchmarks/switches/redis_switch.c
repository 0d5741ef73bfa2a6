/* Redis: SWITCH name 0|1 switches a dynamic function of the server itself. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "redismodule.h"

static int redis_switch(RedisModuleCtx *ctx, RedisModuleString **argv, int argc)
{
	char symbol[128];
	int (*update)(void *, int) = (int (*)(void *, int))dlsym(RTLD_DEFAULT, "__sc_dynamic_function");
	void *function;

	if (argc != 3)
		return RedisModule_WrongArity(ctx);
	snprintf(symbol, sizeof(symbol), "__SCD__%s", RedisModule_StringPtrLen(argv[1], NULL));
	function = dlsym(RTLD_DEFAULT, symbol);
	if (!update || !function)
		return RedisModule_ReplyWithError(ctx, "ERR no such dynamic function");
	return RedisModule_ReplyWithLongLong(
		ctx, update(function, atoi(RedisModule_StringPtrLen(argv[2], NULL))));
}

int RedisModule_OnLoad(RedisModuleCtx *ctx, RedisModuleString **argv, int argc)
{
	(void)argv;
	(void)argc;
	if (RedisModule_Init(ctx, "switch", 1, REDISMODULE_APIVER_1) == REDISMODULE_ERR)
		return REDISMODULE_ERR;
	return RedisModule_CreateCommand(ctx, "switch", redis_switch, "", 0, 0, 0);
}
