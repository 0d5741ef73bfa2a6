/* What stands in the text is not what was written there: a debugger's breakpoint, or anything. */
#include "faults.h"

#include <sys/mman.h>
#include <unistd.h>

extern struct sc_site __start_static_call_sites[], __stop_static_call_sites[];
extern struct sc_guard __start___jump_table[], __stop___jump_table[];
extern struct sc_proxy __start_static_call_proxies[], __stop_static_call_proxies[];
extern struct static_call_key __SCK__integer, __SCK__empty;

#if defined(__x86_64__)
static const unsigned char breakpoint[] = { 0xcc };
static const unsigned char other[] = { 0x0f, 0x0b };		/* ud2 */
#elif defined(__aarch64__)
static const unsigned char breakpoint[] = { 0x00, 0x00, 0x20, 0xd4 };
static const unsigned char other[] = { 0x00, 0x00, 0x00, 0x00 };	/* udf */
#else
static const unsigned char breakpoint[] = { 0x73, 0x00, 0x10, 0x00 };
static const unsigned char other[] = { 0x00, 0x00, 0x00, 0x00 };	/* illegal */
#endif

/* --- places of the program, by its own tables --- */

static unsigned char *relative(const int *field)
{
	return (unsigned char *)field + *field;
}

/* The n-th site of a key, from the last on: a batch has others before that. */
static unsigned char *site_of(const struct static_call_key *key, int n)
{
	const struct sc_site *site = __stop_static_call_sites;

	while (site-- > __start_static_call_sites) {
		unsigned long tag = (unsigned long)relative(&site->key);

		if (!(tag & SC_SITE_WAY) && ((struct sc_proxy *)(tag & ~7ul))->key == key && !n--)
			return relative(&site->code);
	}
	return 0;
}

static unsigned char *trampoline_of(const struct static_call_key *key)
{
	const struct sc_proxy *proxy = __start_static_call_proxies;

	for (; proxy < __stop_static_call_proxies; proxy++)
		if (proxy->key == key && proxy->flags & SC_PROXY_PATCHED)
			return relative(&proxy->insn);
	return 0;
}

static unsigned char *guard_of(const struct static_key *key, int n)
{
	const struct sc_guard *guard = __stop___jump_table;

	while (guard-- > __start___jump_table)
		if (*(struct static_key **)((char *)&guard->key + (guard->key & ~1l)) == key && !n--)
			return relative(&guard->code);
	return 0;
}

static unsigned char *site(void) { return site_of(&__SCK__integer, 0); }
static unsigned char *trampoline(void) { return trampoline_of(&__SCK__integer); }
static unsigned char *guard(void) { return guard_of(&on.key, 0); }

/* --- as a debugger writes --- */

static void write_text(unsigned char *at, const unsigned char *bytes, unsigned long size)
{
	unsigned long length = (unsigned long)sysconf(_SC_PAGESIZE);
	void *page = (void *)((unsigned long)at / length * length);
	int open = writable_text();	/* by an update that is under way */

	if (!open && mprotect(page, length, PROT_READ | PROT_WRITE | PROT_EXEC))
		exit(1);
	memcpy(at, bytes, size);
	__builtin___clear_cache((char *)at, (char *)at + size);
	if (!open)
		mprotect(page, length, PROT_READ | PROT_EXEC);
}

static unsigned char kept[8];
static unsigned char *changed;

static void put(unsigned char *at, const unsigned char *bytes, unsigned long size)
{
	if (!at) {
		failed("tables", "there is no such place");
		exit(1);
	}
	changed = at;
	memcpy(kept, at, size);
	write_text(at, bytes, size);
}

static void put_back(unsigned long size)
{
	write_text(changed, kept, size);
}

/* --- while a program runs --- */

static void refused(const char *when, int error, int wanted)
{
	if (error != wanted)
		failed(when, "returned %d, not %d", error, wanted);
}

/* Nothing may be called here but the update: the program would run into the bytes. */
static void each_update(const char *when, int wanted, int guards)
{
	struct state before = remember(), now;

	if (guards) {
		refused(when, static_branch_try_disable(&on), wanted);
		static_branch_disable(&on);
	} else {
		refused(when, static_call_update(integer, two), wanted);
		refused(when, static_call_update(integer, 0), wanted);
		refused(when, static_call_update(integer, three), wanted);
	}
	static_update_begin();
	static_call_update(nothing, other_note);
	static_call_update(empty, note);
	static_branch_disable(&on);
	static_branch_enable(&off);
	static_call_update(integer, three);
	refused(when, static_update_commit(), wanted);
	now = remember();
	if (memcmp(&before, &now, sizeof(now)))
		failed(when, "something has changed");
}

static void bytes_differ(const char *when, unsigned char *at, int guards)
{
	all_is_well("before");
	put(at, breakpoint, sizeof(breakpoint));
	each_update(when, -EBUSY, guards);
	if (memcmp(at, breakpoint, sizeof(breakpoint)))
		failed(when, "the breakpoint was written over");
	put_back(sizeof(breakpoint));
	all_is_well("without a breakpoint");
	put(at, other, sizeof(other));
	each_update(when, -EINVAL, guards);
	put_back(sizeof(other));
	all_is_well("as it was");
}

static void at_site(void) { bytes_differ("at a site", site(), 0); }
static void at_trampoline(void) { bytes_differ("at a trampoline", trampoline(), 0); }
static void at_guard(void) { bytes_differ("at a guard", guard(), 1); }

/* --- before it starts --- */

static void break_site(void) { put(site(), breakpoint, sizeof(breakpoint)); }
static void break_trampoline(void) { put(trampoline(), breakpoint, sizeof(breakpoint)); }
static void break_guard(void) { put(guard(), breakpoint, sizeof(breakpoint)); }

/* The debugger takes its breakpoint away. Whatever was decided, the program is right. */
static void broken_from_start(void)
{
	if (memcmp(changed, breakpoint, sizeof(breakpoint)))
		failed("at start", "the breakpoint was written over");
	if (!logged())
		failed("at start", "nothing was logged");
	put_back(sizeof(breakpoint));
	check("at start");
	calls_are_well("without a breakpoint");
	ALLOW(-EACCES, -EBUSY);
	change_all();
}

/* --- between the two phases of an update --- */

static void interfere(void)
{
	put(changed, breakpoint, sizeof(breakpoint));
}

static void interfered(unsigned char *at, enum call where, int guards)
{
	struct state before, now;
	int error;

	all_is_well("before");
	before = remember();
	changed = at;
	stop_at_call(where, 1, interfere);
	static_update_begin();
	static_call_update(nothing, other_note);
	static_call_update(zero, two);
	static_branch_enable(&off);
	if (guards)
		static_branch_disable(&on);
	else
		static_call_update(integer, two);
	error = static_update_commit();
	if (seen_calls(where) < 1)
		failed("between", "there was no such call");
	refused("between", error, -EBUSY);
	no_faults();
	put_back(sizeof(breakpoint));
	now = remember();
	if (memcmp(&before, &now, sizeof(now)))
		failed("between", "something has changed");
	check("between");
	all_is_well("afterwards");
}

/* Each unit in turn, so that others are written before it and are put back. */
static void site_between(void)
{
	int n;

	for (n = 0; site_of(&__SCK__integer, n); n++)
		interfered(site_of(&__SCK__integer, n), PUBLISH, 0);
	if (n < 2)
		failed("between", "there are %d sites", n);
}

static void trampoline_between(void)
{
	interfered(trampoline(), PUBLISH, 0);
}

static void guard_between(void)
{
	int n;

	for (n = 0; guard_of(&on.key, n); n++)
		interfered(guard_of(&on.key, n), PUBLISH, 1);
	if (n < 2)
		failed("between", "there are %d guards", n);
}

const struct fault byte_faults[] = {
	{ "breakpoint-at-site", 0, at_site },
	{ "breakpoint-at-trampoline", 0, at_trampoline },
	{ "breakpoint-at-guard", 0, at_guard },
	{ "breakpoint-at-site-from-start", break_site, broken_from_start },
	{ "breakpoint-at-trampoline-from-start", break_trampoline, broken_from_start },
	{ "breakpoint-at-guard-from-start", break_guard, broken_from_start },
	{ "breakpoint-at-site-between", watch_calls, site_between },
	{ "breakpoint-at-trampoline-between", watch_calls, trampoline_between },
	{ "breakpoint-at-guard-between", watch_calls, guard_between },
	{ 0, 0, 0 },
};
