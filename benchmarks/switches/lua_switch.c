/* Lua: switch(name, on) switches a dynamic function of the interpreter itself. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

#include "lauxlib.h"
#include "lua.h"

static int lua_switch(lua_State *L)
{
	char symbol[128];
	int (*update)(void *, int) = (int (*)(void *, int))dlsym(RTLD_DEFAULT, "__sc_dynamic_function");
	void *function;

	snprintf(symbol, sizeof(symbol), "__SCD__%s", luaL_checkstring(L, 1));
	function = dlsym(RTLD_DEFAULT, symbol);
	if (!update || !function)
		return luaL_error(L, "no dynamic function: %s", symbol);
	lua_pushinteger(L, update(function, lua_toboolean(L, 2)));
	return 1;
}

int luaopen_switch(lua_State *L)
{
	lua_pushcfunction(L, lua_switch);
	return 1;
}
