/* What a program sees of its own keys and sites, and of the runtime's log and counters. */
#include <stdio.h>
#include <string.h>
#include "walked.h"

static int key_seen(const struct sc_key_info *info, void *data)
{
	(void)data;
	if (info->is_call)
		printf("call %s %s\n", info->key == &__SCK__key ? "key" : "?",
		       info->target == one ? "one" : info->target == two ? "two" : "?");
	else
		printf("key %s %d\n", info->key == &flag ? "flag" : "?", info->count);
	return 0;
}

static int site_seen(const struct sc_site_info *info, void *data)
{
	static const char *const kinds[] = { "?", "call", "guard", "trampoline" };

	(void)data;
	printf("%s%s %s %lx %lx\n", kinds[info->kind], info->tail ? "-tail" : "",
	       info->key == &__SCK__key ? "key" : info->key == &flag ? "flag" : "?",
	       (unsigned long)info->code, (unsigned long)info->goes_to);
	return 0;
}

static int third(const struct sc_site_info *info, void *data)
{
	(void)info;
	return ++*(int *)data == 3 ? 33 : 0;
}

/* Updates what is being walked over. */
static int updates(const struct sc_key_info *info, void *data)
{
	(void)data;
	if (info->is_call)
		static_call_update(key, one);
	return 0;
}

static void counted(const char *when)
{
	struct sc_counters now;

	sc_get_counters(&now);
	printf("counted %s %lu %lu %lu %lu\n", when, now.updates, now.refused, now.patched, now.objects);
}

static void logged(int error, const char *text, const void *at)
{
	printf("logged %d %s\n", error, text);
	(void)at;
}

int main(void)
{
	int count = 0;

	sc_for_each_key(key_seen, 0);
	sc_for_each_site(site_seen, 0);
	counted("start");
	static_call_update(key, two);
	static_branch_enable(&flag);
	puts("changed");
	sc_for_each_key(key_seen, 0);
	sc_for_each_site(site_seen, 0);
	counted("changed");
	printf("ended %d\n", sc_for_each_site(third, &count));
	printf("ended %d\n", sc_for_each_key(updates, 0));
	printf("gives %ld\n", outer(1));
	sc_set_log(logged);
	return 0;
}
