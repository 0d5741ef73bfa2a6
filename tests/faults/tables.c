/*
 * A table that no tool of ours made: damaged before the constructors hand it to
 * the runtime. The object stays as it was linked, and is right.
 */
#include "faults.h"

extern struct sc_object __sc_object;
#define FAR_OFF 0x40000000

/* The first call, guard and trampoline of the tables, whatever their keys. */
static struct sc_site *site(void) { return __sc_object.sites; }
static struct sc_guard *guard(void) { return __sc_object.guards; }
static struct sc_proxy *proxy(void) { return __sc_object.proxies; }

static void point(int *field, const void *at) { *field = (int)((const char *)at - (char *)field); }

static void site_outside(void) { site()->code += FAR_OFF; }
static void site_before(void) { site()->code -= FAR_OFF; }
static void site_in_data(void) { point(&site()->code, &noted); }
static void site_zeroed(void) { site()->code = site()->key = 0; }
static void site_key_outside(void) { site()->key += FAR_OFF; }
static void site_key_amid(void) { site()->key += 8; }
static void site_key_is_a_site(void) { point(&site()->key, site()); }

static void guard_outside(void) { guard()->code += FAR_OFF; }
static void guard_in_data(void) { point(&guard()->code, &noted); }
static void guard_target_outside(void) { guard()->target += FAR_OFF; }
static void guard_target_in_data(void) { point(&guard()->target, &noted); }
static void guard_zeroed(void) { memset(guard(), 0, sizeof(*guard())); }
static void guard_key_outside(void) { guard()->key += FAR_OFF; }

static void *null_key;
static void *odd_key = (char *)&on + 1;
static void guard_key(void **at)
{
	guard()->key = ((char *)at - (char *)&guard()->key) | (guard()->key & 1);
}
static void guard_key_null(void) { guard_key(&null_key); }
static void guard_key_odd(void) { guard_key(&odd_key); }

static void proxy_key_null(void) { proxy()->key = 0; }
static void proxy_key_odd(void) { proxy()->key = (void *)((char *)proxy()->key + 1); }
static void proxy_insn_outside(void) { proxy()->insn += FAR_OFF; }
static void proxy_insn_in_data(void) { point(&proxy()->insn, &noted); }
static void proxy_trampoline_outside(void) { proxy()->trampoline -= FAR_OFF; }
static void proxy_flags(void) { proxy()->flags |= 0x80000000u; }
static void proxy_size(void) { proxy()->size = 0x7fffffff; }
static void proxy_zeroed(void) { memset(proxy(), 0, sizeof(*proxy())); }

static void no_proxies(void) { __sc_object.proxies_end = __sc_object.proxies; }
static void proxies_null(void) { __sc_object.proxies = __sc_object.proxies_end = 0; }
static void proxies_outside(void) { __sc_object.proxies = (void *)64; }
static void proxies_cut(void) { __sc_object.proxies_end = (void *)((char *)__sc_object.proxies_end - 8); }
static void sites_cut(void) { __sc_object.sites_end = (void *)((char *)__sc_object.sites_end - 4); }
static void sites_odd(void) { __sc_object.sites = (void *)((char *)__sc_object.sites + 1); }
static void guards_cut(void) { __sc_object.guards_end = (void *)((char *)__sc_object.guards_end - 8); }
static void guards_backwards(void)
{
	struct sc_guard *start = __sc_object.guards;

	__sc_object.guards = __sc_object.guards_end;
	__sc_object.guards_end = start;
}
static void sites_endless(void) { __sc_object.sites_end = (void *)~7ul; }
static void guards_too_long(void) { __sc_object.guards_end += 1 << 20; }
static void version(void) { __sc_object.version += 1; }
static void no_version(void) { __sc_object.version = 0; }

/* What is called here is told by the tables alone: no level is asked for. */
static void damaged(void)
{
	if (!logged())
		failed("damaged", "nothing was logged");
	calls_are_well("damaged");
	ALLOW(-EACCES, -EINVAL);
	change_all();
	static_branch_disable(&on);
	static_branch_enable(&off);
	check("damaged");
}

#define DAMAGE(name, how) { "table-" name, how, damaged }
const struct fault table_faults[] = {
	DAMAGE("site-outside", site_outside),
	DAMAGE("site-before", site_before),
	DAMAGE("site-in-data", site_in_data),
	DAMAGE("site-zeroed", site_zeroed),
	DAMAGE("site-key-outside", site_key_outside),
	DAMAGE("site-key-amid", site_key_amid),
	DAMAGE("site-key-is-a-site", site_key_is_a_site),
	DAMAGE("guard-outside", guard_outside),
	DAMAGE("guard-in-data", guard_in_data),
	DAMAGE("guard-target-outside", guard_target_outside),
	DAMAGE("guard-target-in-data", guard_target_in_data),
	DAMAGE("guard-zeroed", guard_zeroed),
	DAMAGE("guard-key-outside", guard_key_outside),
	DAMAGE("guard-key-null", guard_key_null),
	DAMAGE("guard-key-odd", guard_key_odd),
	DAMAGE("proxy-key-null", proxy_key_null),
	DAMAGE("proxy-key-odd", proxy_key_odd),
	DAMAGE("proxy-insn-outside", proxy_insn_outside),
	DAMAGE("proxy-insn-in-data", proxy_insn_in_data),
	DAMAGE("proxy-trampoline-outside", proxy_trampoline_outside),
	DAMAGE("proxy-flags", proxy_flags),
	DAMAGE("proxy-size", proxy_size),
	DAMAGE("proxy-zeroed", proxy_zeroed),
	DAMAGE("no-proxies", no_proxies),
	DAMAGE("proxies-null", proxies_null),
	DAMAGE("proxies-outside", proxies_outside),
	DAMAGE("proxies-cut", proxies_cut),
	DAMAGE("sites-cut", sites_cut),
	DAMAGE("sites-odd", sites_odd),
	DAMAGE("sites-endless", sites_endless),
	DAMAGE("guards-cut", guards_cut),
	DAMAGE("guards-backwards", guards_backwards),
	DAMAGE("guards-too-long", guards_too_long),
	DAMAGE("version", version),
	DAMAGE("no-version", no_version),
	{ 0, 0, 0 },
};
