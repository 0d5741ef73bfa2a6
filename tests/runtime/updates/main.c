/* One run for each of the names in main(): exits 0 and says nothing where all is as it should be. */
#include "keys.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

long one(long a) { return a + 1; }
long two(long a) { return a + 2; }
DEFINE_STATIC_CALL(first, one);
DEFINE_STATIC_CALL(second, one);
DEFINE_STATIC_KEY_FALSE(flag);
DEFINE_STATIC_KEY_TRUE(sign);

static int failures;
static void expect(int line, const char *what, long got, long wanted)
{
	if (got != wanted && ++failures)
		printf("line %d: %s is %ld, not %ld\n", line, what, got, wanted);
}
#define EXPECT(what, wanted) expect(__LINE__, #what, (long)(what), (long)(wanted))

/* --- batches --- */

static void record_all(void)
{
	EXPECT(static_update_begin(), 0);
	EXPECT(static_call_update(first, two), 0);
	EXPECT(static_call_update(second, two), 0);
	static_branch_enable(&flag);
	static_branch_disable(&sign);
}

static void a_batch_is_done_by_commit(void)
{
	record_all();
	EXPECT(seen(), 1101);
	EXPECT(static_call_query(first) == one, 1);
	EXPECT(static_key_enabled(&flag), 0);
	EXPECT(static_update_commit(), 0);
	EXPECT(seen(), 2210);
	EXPECT(static_call_query(first) == two, 1);
	EXPECT(static_key_enabled(&flag), 1);
	EXPECT(static_key_enabled(&sign), 0);
}

static void a_batch_is_dropped_by_cancel(void)
{
	record_all();
	EXPECT(static_update_cancel(), 0);
	EXPECT(seen(), 1101);
	EXPECT(static_call_query(first) == one, 1);
	EXPECT(static_key_count(&flag.key), 0);
	EXPECT(static_key_count(&sign.key), 1);
	EXPECT(static_call_update(first, two), 0);
	EXPECT(seen(), 2101);
}

static void the_last_update_of_a_key_counts(void)
{
	EXPECT(static_update_begin(), 0);
	static_call_update(first, two);
	static_call_update(second, two);
	static_call_update(first, one);
	EXPECT(static_branch_try_inc(&flag), 0);
	EXPECT(static_branch_try_inc(&flag), 0);
	EXPECT(static_branch_try_dec(&flag), 0);
	EXPECT(static_branch_try_disable(&sign), 0);
	EXPECT(static_branch_try_inc(&sign), 0);
	EXPECT(static_branch_try_inc(&sign), 0);
	EXPECT(static_update_commit(), 0);
	EXPECT(seen(), 1211);
	EXPECT(static_key_count(&flag.key), 1);
	EXPECT(static_key_count(&sign.key), 2);
}

static void batches_do_not_nest(void)
{
	EXPECT(static_update_commit(), -EINVAL);
	EXPECT(static_update_cancel(), -EINVAL);
	EXPECT(static_update_begin(), 0);
	EXPECT(static_update_begin(), -EDEADLK);
	EXPECT(static_call_update(first, two), 0);
	EXPECT(seen(), 1101);
	EXPECT(static_update_commit(), 0);
	EXPECT(seen(), 2101);
	EXPECT(static_update_commit(), -EINVAL);
	EXPECT(static_update_begin(), 0);
	EXPECT(static_update_commit(), 0);
	EXPECT(seen(), 2101);
}

/* --- all or nothing --- */

struct text {
	const char *codes[64];
	unsigned long words[64];
	int count;
};

static int remember(const struct sc_site_info *info, void *data)
{
	struct text *text = data;

	text->codes[text->count] = info->code;
	memcpy(&text->words[text->count++], info->code, sizeof(long));
	return text->count == 64;
}

static void write_text(const char *at, const void *bytes, size_t size)
{
	char *page = (char *)((unsigned long)at & ~4095ul);

	if (mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC))
		abort();
	memcpy((char *)at, bytes, size);
	if (mprotect(page, 8192, PROT_READ | PROT_EXEC))
		abort();
}

/* With alien bytes at each place in turn nothing at all changes: key, count, text. */
static void one_alien_place_stops_a_batch(void)
{
	struct text before = { .count = 0 }, after;
	struct sc_counters counters, later;
	int i, refused = 0;

	sc_for_each_site(remember, &before);
	sc_get_counters(&counters);
	for (i = 0; i < before.count; i++) {
		unsigned int alien = 0xf4f4f4f4;
		int error;

		write_text(before.codes[i], &alien, sizeof(alien));
		record_all();
		error = static_update_commit();
		refused += error != 0;
		write_text(before.codes[i], &before.words[i], sizeof(alien));
		EXPECT(error, -EINVAL);
		EXPECT(seen(), 1101);
		EXPECT(static_call_query(second) == one, 1);
		EXPECT(static_key_count(&flag.key), 0);
		EXPECT(static_key_count(&sign.key), 1);
		after = (struct text){ .count = 0 };
		sc_for_each_site(remember, &after);
		EXPECT(memcmp(&before, &after, sizeof(after)), 0);
	}
	EXPECT(before.count >= 4, 1);
	sc_get_counters(&later);
	EXPECT(later.refused - counters.refused, refused);
	EXPECT(later.updates - counters.updates, 0);
	a_batch_is_done_by_commit();
}

/* --- level slot --- */

static int logged;
static void note(int error, const char *text, const void *at)
{
	(void)error, (void)text, (void)at;
	logged++;
}

static void text_is_never_written(void)
{
	struct text before = { .count = 0 }, after = { .count = 0 };

	EXPECT(sc_protection(), SC_SLOT);
	sc_set_log(note);
	sc_for_each_site(remember, &before);
	EXPECT(static_call_update(first, two), 0);
	EXPECT(seen(), 2101);
	EXPECT(static_branch_try_enable(&flag), -EACCES);
	EXPECT(static_branch_try_inc(&sign), 0);
	EXPECT(static_key_count(&sign.key), 2);
	EXPECT(logged, 0);
	static_branch_enable(&flag);
	EXPECT(logged, 1);
	EXPECT(static_key_count(&flag.key), 0);
	EXPECT(seen(), 2101);
	record_all();
	EXPECT(static_update_commit(), -EACCES);
	EXPECT(seen(), 2101);
	sc_for_each_site(remember, &after);
	EXPECT(memcmp(&before, &after, sizeof(after)), 0);
}

/* --- objects come and go --- */

static void *open_plugin(const char *path, long (**its)(void))
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!plugin) {
		printf("%s\n", dlerror());
		exit(1);
	}
	*its = (long (*)(void))dlsym(plugin, "seen");
	return plugin;
}

static void a_plugin_follows(const char *path)
{
	struct sc_counters counters;
	unsigned long objects;
	long (*its)(void);
	void *plugin;
	int round;

	sc_get_counters(&counters);
	objects = counters.objects;
	for (round = 0; round < 3; round++) {
		static_call_update(first, round & 1 ? two : one);
		round & 1 ? static_branch_enable(&flag) : static_branch_disable(&flag);
		plugin = open_plugin(path, &its);
		EXPECT(its(), round & 1 ? 2111 : 1101);
		static_call_update(first, round & 1 ? one : two);
		round & 1 ? static_branch_disable(&flag) : static_branch_enable(&flag);
		EXPECT(its(), round & 1 ? 1101 : 2111);
		EXPECT(seen(), round & 1 ? 1101 : 2111);
		dlclose(plugin);
		sc_get_counters(&counters);
		EXPECT(counters.objects, objects);
		static_call_update(first, two);
		EXPECT(static_call_query(first) == two, 1);
	}
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(void); } all[] = {
		{ "commit", a_batch_is_done_by_commit },
		{ "cancel", a_batch_is_dropped_by_cancel },
		{ "last", the_last_update_of_a_key_counts },
		{ "nest", batches_do_not_nest },
		{ "alien", one_alien_place_stops_a_batch },
		{ "slot", text_is_never_written },
	};
	unsigned int i;

	if (argc == 3)
		a_plugin_follows(argv[2]);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(argv[1], all[i].name))
			all[i].run();
	return failures != 0;
}
