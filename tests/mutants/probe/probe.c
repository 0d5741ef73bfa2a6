/*
 * The runtime's own interface, as a system that is not Linux uses it: what each
 * function returns, what it leaves behind, and in which order the system is
 * asked to lock, publish, write and synchronise.
 *
 * The runtime is included, so that its state can be looked at. `failed` is the
 * line of the first thing that is not as it must be.
 */
static void probe_lock(void);
static void probe_unlock(void);
static int probe_publish(void);
static int probe_sync(void);
static int probe_write(volatile void *unit, unsigned long long old, unsigned long long new);
#define SC_HOOK_LOCK() probe_lock()
#define SC_HOOK_UNLOCK() probe_unlock()
#define SC_HOOK_PUBLISH() probe_publish()
#define SC_HOOK_SYNC() probe_sync()
#define SC_HOOK_WRITE(unit, old, new) probe_write(unit, old, new)

/* In which order each access to what other threads see is. */
static void probe_order(const volatile void *at, int what, int order);
#define PROBE_LOAD	1
#define PROBE_STORE	2
#define PROBE_BOTH	3
#define __atomic_load_n(at, order) \
	(probe_order(at, PROBE_LOAD, order), __atomic_load_n(at, order))
#define __atomic_store_n(at, value, order) \
	(probe_order(at, PROBE_STORE, order), __atomic_store_n(at, value, order))
#define __atomic_exchange_n(at, value, order) \
	(probe_order(at, PROBE_BOTH, order), __atomic_exchange_n(at, value, order))
#define __atomic_fetch_add(at, value, order) \
	(probe_order(at, PROBE_BOTH, order), __atomic_fetch_add(at, value, order))
#define __atomic_fetch_sub(at, value, order) \
	(probe_order(at, PROBE_BOTH, order), __atomic_fetch_sub(at, value, order))

#include "sc_runtime.c"

volatile int failed, part, failed_part;
#define CHECK(what) do {								\
	if (!(what) && !failed) {							\
		failed = __LINE__;							\
		failed_part = part;							\
	}										\
} while (0)

extern struct sc_object __sc_object __attribute__((__visibility__("hidden")));
extern struct static_call_key __SCK__operate, __SCK__hook;
extern struct static_key_false flag;
extern struct static_key_true sign;
int add(int a, int b);
int subtract(int a, int b);
void speak(int what);
int calls(int a, int b);
int guards(void);
int limit(int on);
int use_limited(int n);

#define OPERATE	(&__SCK__operate)
#define HOOK	(&__SCK__hook)
#define FLAG	(&flag.key)
#define SIGN	(&sign.key)
#define FAR	((void *)0x7f0000000000)

/* --- what the hooks saw --- */

static int held, publishes, syncs, writes;	/* of the update in hand */
static int fail_at, lie_at, publish_error, sync_error, nested;
static struct static_call_key *watched;
static void *wanted;
static struct static_key *watched_key;
static int wanted_count;

static int blind_before, blind_behind;		/* sc_blind when the lock was taken, and when it was free */
static int objects_go, level_behind;
static struct static_call_key slot;
static int slot_race;
static int busy_race;				/* an update runs by the time the lock is had */
static struct sc_object *list_race;		/* what the list is by the time the lock is had */

static void probe_lock(void)
{
	CHECK((int)sc_depth == held);
	if (!held)
		blind_before = (int)sc_blind;
	if (busy_race)
		sc_waiting.running = 1;
	if (list_race) {
		sc_objects = list_race;
		list_race = 0;
	}
	held++;
}

/* Once the lock is free nothing waits, and what others may look at is as it stays. */
static void probe_unlock(void)
{
	held--;
	CHECK((int)sc_depth == held);
	if (held)
		return;
	if (busy_race)
		sc_waiting.running = busy_race = 0;
	blind_behind = (int)sc_blind;
	CHECK(!sc_waiting.calls && sc_waiting.keys == &sc_last_key);
	CHECK(!sc_waiting.open && !sc_waiting.running);
	CHECK(!(OPERATE->flags & SC_KEY_PENDING) && !(slot.flags & SC_KEY_PENDING));
	CHECK(!objects_go || !__sc_object.registered);
	if (level_behind)
		__sc_object.level = level_behind;
}

static int releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static int acquires(int order)
{
	return order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

/*
 * A target or a count is published with what it stands for. Where two sides each
 * store and then look at what the other stored, all is sequentially consistent:
 * sc_update_slot() and sc_link_keys(), look-ups of windows and their objects.
 */
static void probe_order(const volatile void *at, int what, int order)
{
	int func = at == &OPERATE->func || at == &HOOK->func || at == &slot.func;
	int flags = at == &OPERATE->flags || at == &HOOK->flags || at == &slot.flags;
	int pair = at == &sc_logger || at == &__sc_updates || at == &FLAG->enabled ||
		   at == &SIGN->enabled || at == &__sc_object.windows.high;

	if (func || pair) {
		CHECK(!(what & PROBE_LOAD) || acquires(order));
		CHECK(!(what & PROBE_STORE) || releases(order));
	}
	if (flags || at == &sc_window_readers || at == &sc_objects)
		CHECK(order == __ATOMIC_SEQ_CST);
	if (func && what == PROBE_STORE)
		CHECK(order == __ATOMIC_SEQ_CST);
	if (at == &sc_objects)
		CHECK(sc_window_readers > 0);
	if (at == &slot.func && what == PROBE_STORE && slot_race) {
		slot_race = 0;
		slot.flags |= SC_KEY_TEXT;
	}
}

static int probe_publish(void)
{
	CHECK(held > 0 && sc_depth && !writes);
	CHECK(!watched || watched->func == wanted);
	CHECK(!watched_key || watched_key->enabled == wanted_count);
	publishes++;
	return publish_error;
}

static int probe_sync(void)
{
	CHECK(held > 0 && sc_depth);
	CHECK(publishes);
	syncs++;
	return sync_error;
}

static int probe_write(volatile void *unit, unsigned long long old, unsigned long long new)
{
	CHECK(held > 0 && sc_depth);
	CHECK(publishes == 1 && !syncs);
	CHECK(old != new);
	CHECK(OPERATE->flags & SC_KEY_TEXT);
	writes++;
	if (nested) {
		CHECK(sc_waiting.running);
		CHECK(__sc_static_call_update(HOOK, (void *)speak) == -EDEADLK);
		CHECK(static_key_try_inc(SIGN) == -EDEADLK);
		CHECK(static_update_begin() == -EDEADLK);
		CHECK(static_update_commit() == -EINVAL && static_update_cancel() == -EINVAL);
	}
	if (writes == fail_at)
		return -EBUSY;
	if (writes == lie_at)
		return 0;
	return sc_store(unit, (sc_unit)old, (sc_unit)new);
}

static void forget(void)
{
	publishes = syncs = writes = fail_at = lie_at = publish_error = sync_error = nested = 0;
	watched = 0;
	watched_key = 0;
}

static int logs, log_error;
static const char *log_text;			/* the first one's */
static const void *log_at;

static void logger(int error, const char *text, const void *at)
{
	CHECK(text && *text);
	if (!logs++)
		log_text = text;
	log_error = error;
	log_at = at;
}

/* What was counted since the last time. */
static struct sc_counters counted;

static struct sc_counters more(void)
{
	struct sc_counters now, since;

	sc_get_counters(&now);
	since.updates = now.updates - counted.updates;
	since.refused = now.refused - counted.refused;
	since.patched = now.patched - counted.patched;
	since.fallbacks = now.fallbacks - counted.fallbacks;
	since.objects = now.objects - counted.objects;
	since.synchronisations = now.synchronisations - counted.synchronisations;
	since.microseconds = now.microseconds;
	counted.updates = now.updates;
	counted.refused = now.refused;
	counted.patched = now.patched;
	counted.fallbacks = now.fallbacks;
	counted.objects = now.objects;
	counted.synchronisations = now.synchronisations;
	return since;
}

/* Nothing waits, nothing is held, and keys are in no list. */
static void at_rest(void)
{
	CHECK(!held && !sc_depth && !sc_locked() && !sc_locked_here());
	CHECK(!sc_waiting.calls && sc_waiting.keys == &sc_last_key);
	CHECK(!sc_waiting.open && !sc_waiting.running);
	CHECK(!(OPERATE->flags & SC_KEY_PENDING) && !(HOOK->flags & SC_KEY_PENDING));
	CHECK(!OPERATE->next && !HOOK->next && !FLAG->next && !SIGN->next);
	CHECK(!sc_window_readers);
}

/* An update that was done: in order, and once. */
static void was_done(int error, int patched)
{
	struct sc_counters since = more();

	CHECK(!error);
	at_rest();
	CHECK(since.updates == 1 && !since.refused);
	CHECK((int)since.patched == writes && !since.objects && !since.microseconds);
	CHECK(patched ? publishes == 1 && syncs == 1 && writes > 0 : !publishes && !syncs && !writes);
	forget();
}

/* One that was refused: what was written was written back, and then synchronised. */
static void was_refused(int error, int wanted_error, int wrote)
{
	struct sc_counters since = more();

	CHECK(error == wanted_error);
	at_rest();
	CHECK(!since.updates && since.refused == 1 && !since.patched && !since.fallbacks);
	CHECK(wrote ? syncs == 1 : !writes);
	forget();
}

/* --- text --- */

static unsigned long sum(const char *at)
{
	unsigned long found = 0;
	unsigned int i;

	for (i = 0; i < SC_UNIT; i++)
		found = found * 31 + ((unsigned char *)sc_unit_of(at))[i];
	return found;
}

/* All units that may change, in one number. */
static unsigned long text(void)
{
	const struct sc_proxy *proxy;
	const struct sc_site *site;
	const struct sc_guard *guard;
	unsigned long found = 1;

	for (proxy = __sc_object.proxies; proxy < __sc_object.proxies_end; proxy++)
		found = found * 31 + sum(sc_relative(&proxy->insn));
	for (site = __sc_object.sites; site < __sc_object.sites_end; site++)
		found = found * 31 + sum(sc_relative(&site->code));
	for (guard = __sc_object.guards; guard < __sc_object.guards_end; guard++)
		found = found * 31 + sum(sc_relative(&guard->code));
	return found;
}

static struct sc_proxy *proxy_of(const struct static_call_key *key)
{
	struct sc_proxy *proxy = __sc_object.proxies;

	while (proxy->key != key)
		proxy++;
	return proxy;
}

static int places(const struct static_call_key *key)
{
	const struct sc_site *site;
	int found = 0;

	for (site = __sc_object.sites; site < __sc_object.sites_end; site++)
		found += sc_site_proxy(site)->key == key && !(sc_site_tag(site) & SC_SITE_WAY);
	return found;
}

static int guards_of(const struct static_key *key)
{
	const struct sc_guard *guard;
	int found = 0;

	for (guard = __sc_object.guards; guard < __sc_object.guards_end; guard++)
		found += sc_guard_key(guard) == key;
	return found;
}

static int point(struct static_call_key *key, void *func)
{
	watched = key;
	wanted = func ? func : (void *)__static_call_null;
	nested = 1;
	return __sc_static_call_update(key, func);
}

static int turn(struct static_key *key, int change, int while_it_lasts)
{
	watched_key = key;
	wanted_count = while_it_lasts;
	nested = 1;
	return change == SC_KEY_ENABLE	? static_key_try_enable(key) :
	       change == SC_KEY_DISABLE ? static_key_try_disable(key) :
	       change == SC_KEY_INC	? static_key_try_inc(key) : static_key_try_dec(key);
}

/* --- updates --- */

static void updates(void)
{
	CHECK(calls(7, 5) == 1212 && guards() == 12);
	was_done(point(OPERATE, (void *)subtract), 1);
	CHECK(OPERATE->func == (void *)subtract && calls(7, 5) == 202);
	was_done(point(OPERATE, (void *)subtract), 0);
	was_done(point(HOOK, (void *)speak), 1);
	CHECK(__sc_static_call_query(HOOK) == (void *)speak && calls(7, 5) == 50202);
	was_done(point(HOOK, 0), 1);
	CHECK(!__sc_static_call_query(HOOK) && HOOK->func == (void *)__static_call_null);
	was_done(point(OPERATE, (void *)__static_call_return0), 1);
	CHECK(calls(7, 5) == 0);
	was_done(point(OPERATE, (void *)add), 1);
	CHECK(calls(7, 5) == 1212);
	CHECK(!limit(0) && use_limited(5) == -1);
	forget();
	CHECK(!limit(1) && use_limited(5) == 6);
	forget();
	more();
}

static void far_updates(void)
{
	struct sc_counters since;

	more();
	proxy_of(OPERATE)->flags &= ~SC_PROXY_SLOT_USED;
	CHECK(!point(OPERATE, FAR));
	since = more();
	CHECK((int)since.fallbacks == places(OPERATE) && since.updates == 1);
	CHECK(OPERATE->func == FAR && proxy_of(OPERATE)->flags & SC_PROXY_SLOT_USED);
	forget();
	CHECK(!point(OPERATE, (void *)add));
	CHECK(more().fallbacks == 0);
	forget();
	CHECK(calls(7, 5) == 1212);
}

static void keys(void)
{
	was_done(turn(FLAG, SC_KEY_ENABLE, -1), 1);
	CHECK(FLAG->enabled == 1 && static_key_count(FLAG) == 1 && guards() == 15);
	CHECK(!turn(FLAG, SC_KEY_ENABLE, 1) && !writes && more().updates == 0);
	forget();
	was_done(turn(FLAG, SC_KEY_INC, 1), 0);
	CHECK(FLAG->enabled == 2 && guards() == 15);
	was_done(turn(FLAG, SC_KEY_DEC, 2), 0);
	CHECK(FLAG->enabled == 1 && guards() == 15);
	was_done(turn(FLAG, SC_KEY_DEC, 0), 1);
	CHECK(FLAG->enabled == 0 && static_key_count(FLAG) == 0 && guards() == 12);
	CHECK(!turn(FLAG, SC_KEY_DEC, 0) && !turn(FLAG, SC_KEY_DISABLE, 0) && !writes);
	forget();
	was_done(turn(FLAG, SC_KEY_INC, -1), 1);
	was_done(turn(FLAG, SC_KEY_INC, 1), 0);
	was_done(turn(FLAG, SC_KEY_DISABLE, 0), 1);
	CHECK(FLAG->enabled == 0 && guards() == 12);
	was_done(turn(SIGN, SC_KEY_DISABLE, 0), 1);
	CHECK(guards() == 0);
	was_done(turn(SIGN, SC_KEY_ENABLE, -1), 1);
	CHECK(guards() == 12);
	FLAG->enabled = -1;
	CHECK(static_key_count(FLAG) == 1);
	FLAG->enabled = 0;
	static_key_enable(FLAG);
	CHECK(guards() == 15);
	static_key_slow_inc(FLAG);
	static_key_slow_dec(FLAG);
	CHECK(guards() == 15 && FLAG->enabled == 1);
	forget();
	static_key_disable(FLAG);
	CHECK(guards() == 12 && FLAG->enabled == 0);
	forget();
	more();
}

/* --- updates that fail --- */

/* The nth write fails, for each n that there is; how many there are. */
static int refused_calls(struct static_call_key *key, void *func)
{
	void *old = key->func;
	unsigned long before = text();
	int nth;

	for (nth = 1; nth < 100; nth++) {
		forget();
		fail_at = nth;
		if (!point(key, func))
			break;
		CHECK(key->func == old && text() == before && writes >= nth);
		was_refused(-EBUSY, -EBUSY, 1);
	}
	forget();
	CHECK(!point(key, old) && text() == before);
	forget();
	more();
	return nth - 1;
}

/* The nth write does nothing, and says that it did. */
static void lost_calls(struct static_call_key *key, void *func, int count)
{
	void *old = key->func;
	unsigned long before = text();
	int nth;

	for (nth = 1; nth <= count; nth++) {
		forget();
		lie_at = nth;
		CHECK(point(key, func) == -EBUSY);
		CHECK(key->func == old && text() == before);
		was_refused(-EBUSY, -EBUSY, 1);
	}
}

static void refused_key(struct static_key *key, int change, int while_it_lasts)
{
	int old = key->enabled, nth;
	unsigned long before = text();

	for (nth = 1; nth <= 2; nth++) {
		forget();
		fail_at = nth;
		CHECK(turn(key, change, while_it_lasts) == -EBUSY);
		CHECK(key->enabled == old && text() == before);
		was_refused(-EBUSY, -EBUSY, 1);
	}
}

static void bad_bytes(void)
{
	char *at = sc_relative(&proxy_of(OPERATE)->insn);
	sc_unit *unit = sc_unit_of(at), kept = *unit;
	unsigned long before;

	*unit = ~kept;
	before = text();
	CHECK(point(OPERATE, (void *)subtract) == -EINVAL);
	CHECK(OPERATE->func == (void *)add && text() == before && !publishes && !syncs);
	was_refused(-EINVAL, -EINVAL, 0);
	*unit = kept;
	was_done(point(OPERATE, (void *)subtract), 1);
	was_done(point(OPERATE, (void *)add), 1);
}

static void refusals(void)
{
	unsigned long before = text();
	int count = refused_calls(OPERATE, (void *)subtract);

	CHECK(count >= places(OPERATE) && count >= 3);
	lost_calls(OPERATE, (void *)subtract, count);
	CHECK(refused_calls(HOOK, (void *)speak) >= 1);
	refused_key(FLAG, SC_KEY_ENABLE, -1);
	refused_key(FLAG, SC_KEY_INC, -1);
	refused_key(SIGN, SC_KEY_DISABLE, 0);
	SIGN->enabled = 3;
	refused_key(SIGN, SC_KEY_DISABLE, 0);
	SIGN->enabled = 1;

	publish_error = -EACCES;
	CHECK(point(OPERATE, (void *)subtract) == -EACCES && !writes);
	CHECK(OPERATE->func == (void *)add && text() == before);
	publishes = 1;
	was_refused(-EACCES, -EACCES, 1);

	logs = 0;
	sync_error = -EACCES;
	was_done(point(OPERATE, (void *)subtract), 1);
	CHECK(logs == 1 && log_error == -EACCES);
	was_done(point(OPERATE, (void *)add), 1);
	CHECK(logs == 1 && text() == before);

	fail_at = 1;
	static_key_enable(FLAG);
	CHECK(logs == 2 && log_error == -EBUSY && log_at == FLAG && guards() == 12);
	was_refused(-EBUSY, -EBUSY, 1);
	bad_bytes();
	CHECK(calls(7, 5) == 1212 && guards() == 12 && text() == before);
	more();
}

/* --- batches --- */

static void batches(void)
{
	unsigned long before = text();

	CHECK(static_update_commit() == -EINVAL && static_update_cancel() == -EINVAL);
	CHECK(!static_update_begin() && held == 1 && sc_locked() && sc_locked_here());
	CHECK(static_update_begin() == -EDEADLK && held == 1);
	CHECK(!point(OPERATE, (void *)subtract) && !point(HOOK, (void *)speak));
	watched = 0;
	CHECK(!static_key_try_enable(FLAG) && !static_key_try_inc(FLAG) && !static_key_try_inc(SIGN));
	CHECK(!static_key_try_disable(SIGN) && !static_key_try_enable(SIGN));
	CHECK(!static_key_try_dec(SIGN) && !static_key_try_dec(SIGN));
	CHECK(OPERATE->flags & SC_KEY_PENDING && OPERATE->func == (void *)add && text() == before);
	CHECK(!publishes && !syncs && FLAG->enabled == 0 && SIGN->enabled == 1);
	CHECK(!__sc_static_call_update(OPERATE, (void *)__static_call_return0));
	CHECK(!__sc_static_call_update(OPERATE, (void *)subtract));
	CHECK(calls(7, 5) == 1212 && guards() == 12);
	nested = 0;
	was_done(static_update_commit(), 1);
	CHECK(calls(7, 5) == 50202 && guards() == 3 && FLAG->enabled == 2 && SIGN->enabled == 0);
	CHECK(static_update_commit() == -EINVAL);

	CHECK(!__sc_updates->batch(SC_BATCH_BEGIN));
	CHECK(!__sc_static_call_update(OPERATE, (void *)add) && !__sc_static_call_update(HOOK, 0));
	CHECK(!static_key_try_disable(FLAG) && !static_key_try_enable(SIGN));
	CHECK(!__sc_updates->batch(SC_BATCH_CANCEL));
	at_rest();
	CHECK(calls(7, 5) == 50202 && guards() == 3 && FLAG->enabled == 2 && SIGN->enabled == 0);
	CHECK(more().updates == 0);

	CHECK(!__sc_updates->batch(SC_BATCH_BEGIN));
	CHECK(!__sc_updates->call(OPERATE, (void *)add) && !__sc_updates->call(HOOK, 0));
	CHECK(!__sc_updates->key(FLAG, SC_KEY_DISABLE) && !__sc_updates->key(SIGN, SC_KEY_ENABLE));
	was_done(__sc_updates->batch(SC_BATCH_COMMIT), 1);
	CHECK(text() == before);

	CHECK(!static_update_begin());
	CHECK(!__sc_static_call_update(OPERATE, (void *)subtract) && !static_key_try_enable(FLAG));
	fail_at = 3;
	was_refused(static_update_commit(), -EBUSY, 1);
	CHECK(text() == before && calls(7, 5) == 1212 && guards() == 12);
}

/* What is looked at is looked at with the lock. */
static void races(void)
{
	busy_race = 1;
	CHECK(static_update_begin() == -EDEADLK && !busy_race);
	busy_race = 1;
	CHECK(__sc_static_call_update(OPERATE, (void *)subtract) == -EDEADLK && !busy_race);
	busy_race = 1;
	CHECK(static_key_try_enable(FLAG) == -EDEADLK && !busy_race);
	at_rest();
	CHECK(OPERATE->func == (void *)add && FLAG->enabled == 0 && more().updates == 0);
}

/* --- a key that no text names --- */

static void slots(void)
{
	at_rest();
	slot.func = (void *)add;
	was_done(__sc_static_call_update(&slot, (void *)subtract), 0);
	CHECK(slot.func == (void *)subtract && !slot.wanted);
	CHECK(!static_update_begin() && !__sc_static_call_update(&slot, (void *)add));
	CHECK(slot.func == (void *)subtract && slot.flags == SC_KEY_PENDING);
	was_done(static_update_commit(), 0);
	CHECK(slot.func == (void *)add && !slot.flags && !slot.next);

	/* Another thread has text name it meanwhile: it is updated once more, with the lock. */
	slot_race = 1;
	was_done(__sc_static_call_update(&slot, (void *)subtract), 0);
	CHECK(!slot_race && slot.func == (void *)subtract && slot.wanted == (void *)subtract);
	slot.flags = 0;
}

/* --- what others see --- */

static const void *seen[64];
static int seen_count, stop_at;

static int see_key(const struct sc_key_info *info, void *data)
{
	CHECK(data == &seen_count && held > 0);
	seen[seen_count++] = info->key;
	if (info->key == OPERATE)
		CHECK(info->is_call && info->target == (void *)add);
	if (info->key == HOOK)
		CHECK(info->is_call && !info->target);
	if (info->key == SIGN)
		CHECK(!info->is_call && !info->target && info->count == 1);
	return seen_count == stop_at ? 7 : 0;
}

static int trampolines, sites, tails, all_guards;

static int see_site(const struct sc_site_info *info, void *data)
{
	int call = info->kind == SC_INFO_CALL;

	CHECK(data == &seen_count && held > 0);
	seen_count++;
	trampolines += info->kind == SC_INFO_TRAMPOLINE;
	sites += call;
	tails += call && info->tail;
	all_guards += info->kind == SC_INFO_GUARD;
	if (info->key == OPERATE && info->kind == SC_INFO_TRAMPOLINE)
		CHECK(sc_text_contains(info->code) && (!info->goes_to || info->goes_to == (void *)add));
	if (info->key == OPERATE && call && !sc_text_contains(info->goes_to))
		CHECK(info->goes_to == (void *)add);
	return seen_count == stop_at ? 7 : 0;
}

static int seen_of(const void *key)
{
	int i, found = 0;

	for (i = 0; i < seen_count; i++)
		found += seen[i] == key;
	return found;
}

static void walks(void)
{
	long guards_all = __sc_object.guards_end - __sc_object.guards;
	long proxies = __sc_object.proxies_end - __sc_object.proxies;
	int all;

	seen_count = stop_at = 0;
	CHECK(!sc_for_each_key(see_key, &seen_count));
	CHECK(seen_of(OPERATE) == 1 && seen_of(HOOK) == 1 && seen_of(FLAG) == 1 && seen_of(SIGN) == 1);
	for (all = seen_count, stop_at = 1; stop_at <= all; stop_at++) {
		seen_count = 0;
		CHECK(sc_for_each_key(see_key, &seen_count) == 7 && seen_count == stop_at);
	}
	seen_count = stop_at = trampolines = sites = tails = all_guards = 0;
	CHECK(!sc_for_each_site(see_site, &seen_count));
	CHECK(trampolines == proxies && all_guards == guards_all && tails >= 1);
	CHECK(sites >= places(OPERATE) + places(HOOK));
	for (all = seen_count, stop_at = 1; stop_at <= all; stop_at++) {
		seen_count = 0;
		CHECK(sc_for_each_site(see_site, &seen_count) == 7 && seen_count == stop_at);
	}
	at_rest();
}

static void interrupts(void)
{
	struct sc_irq_state one, two, three;
	struct sc_proxy *proxy = proxy_of(OPERATE);
	const char *insn = sc_relative(&proxy->insn);
	const char *end = sc_relative(&proxy->trampoline) + proxy->size;

	CHECK(sc_text_contains(insn) == 1 && sc_text_contains(end - 1) == 1);
	CHECK(!sc_text_contains((void *)add) && !sc_text_contains(0));
	sc_windows_enter();
	CHECK(sc_window_readers == 1 && sc_window_start(end - 1) == insn);
	sc_windows_leave();
	CHECK(!sc_window_readers);
	more();
	CHECK(!static_call_synchronize_timeout(0) && more().synchronisations == 1);
	sc_irq_enter((void *)add, &one);
	CHECK(!static_call_synchronize_timeout(0));
	sc_irq_enter(insn, &two);
	CHECK(static_call_synchronize_timeout(0) == (SC_ARCH_IN_FLIGHT ? -ETIMEDOUT : 0));
	sc_irq_enter((void *)add, &three);
	CHECK(static_call_synchronize_timeout(0) == (SC_ARCH_IN_FLIGHT ? -ETIMEDOUT : 0));
	sc_irq_exit(&three);
	CHECK(sc_cpu_flag == 1);
	sc_irq_exit(&two);
	CHECK(!sc_cpu_flag && !static_call_synchronize_timeout(0));
	sc_irq_exit(&one);
	CHECK(more().synchronisations == (SC_ARCH_IN_FLIGHT ? 2 : 4));
	sc_quiescent();
	CHECK(sc_signal_number() == 0 && sc_set_signal(5) == -ENOSYS);
	at_rest();
}

static void tables(void)
{
	CHECK(__sc_updates->synchronize == static_call_synchronize_timeout);
	CHECK(__sc_updates->for_each_key == sc_for_each_key);
	CHECK(__sc_updates->for_each_site == sc_for_each_site);
	CHECK(__sc_updates->contains == sc_text_contains && __sc_updates->protection == sc_protection);
	CHECK(__sc_updates->set_signal == sc_set_signal);
	CHECK(__sc_updates->signal_number == sc_signal_number);
	CHECK(__sc_updates->quiescent == sc_quiescent && __sc_updates->irq_enter == sc_irq_enter);
	CHECK(__sc_updates->irq_exit == sc_irq_exit && __sc_updates->set_log == sc_set_log);
	CHECK(__sc_updates->get_counters == sc_get_counters);
}

/* --- objects come and go --- */

/* As it is in the file again, but for its text. */
static void leave(void)
{
	struct sc_proxy *proxy;

	more();
	objects_go = 1;
	__sc_unregister(&__sc_object);
	objects_go = 0;
	OPERATE->flags = HOOK->flags = 0;
	for (proxy = __sc_object.proxies; proxy < __sc_object.proxies_end; proxy++)
		proxy->flags &= ~SC_PROXY_SLOT_USED;
	CHECK(!__sc_object.registered && !OPERATE->proxies && !HOOK->proxies);
	CHECK(sc_objects == 0 && more().objects == -1ul);
	CHECK(!sc_text_contains(sc_relative(&proxy_of(OPERATE)->insn)));
	at_rest();
	forget();
}

static void come(int level, int lines)
{
	struct sc_counters since;

	logs = 0;
	__sc_register(&__sc_object);
	since = more();
	CHECK(since.objects == 1 && (int)since.patched == writes && !since.updates);
	CHECK(__sc_object.registered && sc_objects == &__sc_object && !__sc_object.next);
	CHECK(logs == lines && __sc_object.level == level && sc_protection() == level);
	CHECK(OPERATE->proxies == proxy_of(OPERATE));
	CHECK(level == SC_SLOT || OPERATE->flags & SC_KEY_TEXT);
	at_rest();
}

static void come_and_go(void)
{
	static struct sc_object stranger = { .version = SC_OBJECT_VERSION };
	unsigned long before = text();

	leave();
	CHECK(!__sc_static_call_update(OPERATE, (void *)subtract) && !static_key_try_enable(FLAG));
	CHECK(!writes && text() == before);
	forget();
	more();
	come(SC_WORD, 0);
	CHECK(publishes == 1 && syncs == 1 && calls(7, 5) == 202 && guards() == 15);
	forget();
	__sc_register(&__sc_object);
	CHECK(!more().objects && sc_objects == &__sc_object && OPERATE->proxies == proxy_of(OPERATE));
	CHECK(!OPERATE->proxies->next && !writes && !publishes);
	was_done(point(OPERATE, (void *)add), 1);
	was_done(turn(FLAG, SC_KEY_DISABLE, 0), 1);
	CHECK(text() == before);
	leave();
	come(SC_WORD, 0);
	CHECK(!writes && !publishes && !syncs);
	__sc_unregister(&stranger);
	CHECK(sc_objects == &__sc_object && !more().objects);
}

/* A second object: one guard of the same key, by hand. */
static struct sc_guard guard;
static struct sc_proxy other_proxy;
static struct sc_object second = { .version = SC_OBJECT_VERSION };

static void second_object(void)
{
	const struct sc_guard *last = __sc_object.guards_end - 1;
	struct static_key *key = sc_guard_key(last);

	forget();
	sc_move_guard(&guard, last);
	__sc_object.guards_end--;
	second.guards = &guard;
	second.guards_end = &guard + 1;
	second.proxies = second.proxies_end = &other_proxy;
	__sc_register(&second);
	CHECK(sc_objects == &second && second.next == &__sc_object && second.registered == 1);
	CHECK(more().objects == 1);
	forget();
	was_done(turn(key, key->enabled ? SC_KEY_DISABLE : SC_KEY_ENABLE, key->enabled ? 0 : -1), 1);
	CHECK(guards() == (key == FLAG ? 15 : 0));
	was_done(turn(key, key->enabled ? SC_KEY_DISABLE : SC_KEY_ENABLE, key->enabled ? 0 : -1), 1);
	CHECK(guards() == 12);
	seen_count = stop_at = 0;
	CHECK(!sc_for_each_key(see_key, &seen_count) && seen_of(key) == 1);
	more();
	__sc_unregister(&__sc_object);
	CHECK(sc_objects == &second && !second.next && more().objects == -1ul);
	__sc_register(&__sc_object);
	__sc_unregister(&second);
	CHECK(sc_objects == &__sc_object && !__sc_object.next);

	/* Another thread takes the first out while this one waits for the lock. */
	__sc_register(&second);
	list_race = &__sc_object;
	__sc_unregister(&__sc_object);
	CHECK(!sc_objects);
	second.registered = 0;
	__sc_register(&__sc_object);
	__sc_object.guards_end++;
	forget();
	more();
}

/* --- objects that are not as they should be --- */

static void wrong_objects(void)
{
	static struct sc_object old = { .version = SC_OBJECT_VERSION + 1 };
	static struct sc_object torn = { .version = SC_OBJECT_VERSION };
	unsigned long before = text();

	logs = 0;
	__sc_updates = 0;
	__sc_register(&old);
	CHECK(__sc_updates && !blind_before && blind_behind == 1);
	CHECK(logs == 1 && log_error == -EINVAL && log_at == &old && sc_blind == 1 && !held);
	was_refused(turn(FLAG, SC_KEY_ENABLE, 0), -EACCES, 0);
	was_done(point(OPERATE, (void *)subtract), 1);
	was_done(point(OPERATE, (void *)add), 1);
	CHECK(FLAG->enabled == 0 && text() == before);
	__sc_unregister(&old);
	CHECK(!sc_blind && !held && blind_before == 1 && !blind_behind);

	torn.guards = &guard;
	torn.guards_end = (struct sc_guard *)((char *)&guard + 1);
	torn.proxies = &other_proxy;
	torn.proxies_end = (struct sc_proxy *)((char *)&other_proxy + 1);
	logs = 0;
	__sc_register(&torn);
	CHECK(logs == 2 && log_error == -EINVAL && log_at == &guard && sc_blind == 1);
	CHECK(!torn.guards && !torn.guards_end && !torn.proxies && !torn.proxies_end);
	CHECK(!torn.sites && !torn.sites_end && torn.registered == SC_BLIND);
	forget();
	more();
	was_refused(turn(FLAG, SC_KEY_ENABLE, 0), -EACCES, 0);
	__sc_unregister(&torn);
	CHECK(!sc_blind && !torn.registered && sc_objects == &__sc_object);
	more();
}

static void wrong_text(void)
{
	char *at = sc_relative(&__sc_object.guards->code);
	sc_unit *unit = sc_unit_of(at), kept;
	struct sc_counters since;
	unsigned long before = text();

	leave();
	__sc_object.registered = 0;
	kept = *unit;
	*unit = ~kept;
	logs = 0;
	__sc_register(&__sc_object);
	since = more();
	CHECK(logs >= 1 && __sc_object.level == SC_SLOT && since.fallbacks == 1);
	CHECK(log_text[20] == 'l');	/* left as it is */
	CHECK(sc_protection() == SC_SLOT && !publishes && !writes);
	*unit = kept;
	CHECK(text() == before);
	was_refused(turn(FLAG, SC_KEY_ENABLE, 0), -EACCES, 0);
	CHECK(!point(OPERATE, FAR) && !writes && OPERATE->func == FAR);
	CHECK(!point(OPERATE, (void *)add) && !writes);
	leave();
	come(SC_WORD, 0);
	level_behind = SC_INT3;		/* somebody changes it as soon as the lock is free */
	CHECK(sc_protection() == SC_WORD && sc_protection() == SC_INT3);
	level_behind = 0;
	__sc_object.level = SC_WORD;
	forget();
	CHECK(text() == before);
	more();
}

/* A debugger's breakpoint in the way: calls are right as they are built, and the rest is patched. */
static void breakpoint(void)
{
	char *at = sc_relative(&proxy_of(OPERATE)->insn);
	sc_unit *unit = sc_unit_of(at), kept = *unit;
	unsigned int i;

	leave();
	for (i = 0; i < SC_BREAKPOINT_SIZE; i++)
		((volatile char *)at)[i] = (char)(SC_BREAKPOINT >> 8 * i);
	come(SC_WORD, 1);
	CHECK(log_error == -EBUSY && log_text[2] == 'b' && log_at == proxy_of(OPERATE));
	forget();
	more();
	was_refused(point(OPERATE, (void *)subtract), -EBUSY, 0);
	*unit = kept;
	was_done(point(OPERATE, (void *)subtract), 1);
	was_done(point(OPERATE, (void *)add), 1);
}

static void slot_level(void)
{
	leave();
	sc_lowest = SC_SLOT;
	come(SC_SLOT, 0);
	was_refused(turn(FLAG, SC_KEY_ENABLE, 0), -EACCES, 0);
	was_done(__sc_static_call_update(OPERATE, (void *)subtract), 0);
	was_done(__sc_static_call_update(OPERATE, (void *)add), 0);
	leave();
	FLAG->enabled = 1;
	come(SC_SLOT, guards_of(FLAG));
	CHECK(log_error == -EACCES);
	leave();
	FLAG->enabled = 0;
	sc_lowest = SC_WORD;
	come(SC_WORD, 0);
	forget();
	more();
}

static void loggers(void)
{
	sc_set_log(0);
	CHECK(!sc_logger);
	sc_set_log(logger);
	CHECK(sc_logger == logger);
}

#define PART(function) (part = __LINE__, function())

void probe(void)
{
	CHECK(__sc_object.level == SC_WORD && sc_protection() == SC_WORD);
	sc_set_log(logger);
	forget();
	more();
	at_rest();
	PART(updates);
	PART(far_updates);
	PART(keys);
	PART(refusals);
	PART(batches);
	PART(races);
	PART(slots);
	PART(walks);
	PART(interrupts);
	PART(tables);
	PART(come_and_go);
	PART(second_object);
	PART(wrong_objects);
	PART(wrong_text);
	PART(breakpoint);
	PART(slot_level);
	PART(updates);
	PART(loggers);
}

/* Neither a struct nor a floating result can be made by clearing registers: this must trap. */
void probe_trap(void)
{
	static struct static_call_key key = { .func = (void *)add, .returns = SC_RETURNS_OTHER };

	__sc_static_call_update(&key, 0);
}
