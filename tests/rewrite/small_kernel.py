"""Headers with no more of Linux's interface than the tests use, written for them."""

from __future__ import annotations

from pathlib import Path

_TYPES = """\
#ifndef TYPES_H
#define TYPES_H
struct static_call_key { void *func; };
#define DECLARE_STATIC_CALL(name, f) \\
	extern struct static_call_key __SCK__##name; extern __typeof__(f) __SCT__##name
#define static_call(name) (&__SCT__##name)
#define static_call_mod(name) (&__SCT__##name)
#endif
"""
_CALL = """\
#ifndef CALL_H
#define CALL_H
#include <linux/static_call_types.h>
#define __DEFINE(name, f) \\
	DECLARE_STATIC_CALL(name, f); \\
	struct static_call_key __SCK__##name = { (void *)0 }
#define DEFINE_STATIC_CALL(name, f) __DEFINE(name, f)
#define DEFINE_STATIC_CALL_NULL(name, f) __DEFINE(name, f)
#define DEFINE_STATIC_CALL_RET0(name, f) __DEFINE(name, f)
#define static_call_cond(name) (void)(&__SCT__##name)
#define static_call_query(name) (__SCK__##name.func)
void update(struct static_call_key *key, void *trampoline, void *func);
#define static_call_update(name, f) update(&__SCK__##name, &__SCT__##name, f)
#define EXPORT_STATIC_CALL(name) extern int exported_##name
#define EXPORT_STATIC_CALL_GPL(name) extern int exported_##name
#define EXPORT_STATIC_CALL_TRAMP(name) extern int exported_##name
#define EXPORT_STATIC_CALL_TRAMP_GPL(name) extern int exported_##name
#endif
"""
_LABEL = """\
#ifndef LABEL_H
#define LABEL_H
struct static_key { int enabled; };
struct static_key_true { struct static_key key; };
struct static_key_false { struct static_key key; };
#define DEFINE_STATIC_KEY_TRUE(name) struct static_key_true name = { { 1 } }
#define DEFINE_STATIC_KEY_TRUE_RO(name) struct static_key_true name = { { 1 } }
#define DEFINE_STATIC_KEY_FALSE(name) struct static_key_false name = { { 0 } }
#define DEFINE_STATIC_KEY_FALSE_RO(name) struct static_key_false name = { { 0 } }
#define DEFINE_STATIC_KEY_ARRAY_TRUE(name, n) struct static_key_true name[n]
#define DEFINE_STATIC_KEY_ARRAY_FALSE(name, n) struct static_key_false name[n]
#define DECLARE_STATIC_KEY_TRUE(name) extern struct static_key_true name
#define DECLARE_STATIC_KEY_FALSE(name) extern struct static_key_false name
#define DECLARE_STATIC_KEY_ARRAY_TRUE(name, n) extern struct static_key_true name[n]
#define DECLARE_STATIC_KEY_ARRAY_FALSE(name, n) extern struct static_key_false name[n]
#define KEY_1(name) DEFINE_STATIC_KEY_TRUE(name)
#define KEY_0(name) DEFINE_STATIC_KEY_FALSE(name)
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define DEFINE_STATIC_KEY_MAYBE(config, name) PASTE(KEY_, config)(name)
#define DEFINE_STATIC_KEY_MAYBE_RO(config, name) PASTE(KEY_, config)(name)
#define DECLARE_STATIC_KEY_MAYBE(config, name) extern __typeof__(name) name
#define static_branch_likely(x) __builtin_expect((x)->key.enabled > 0, 1)
#define static_branch_unlikely(x) __builtin_expect((x)->key.enabled > 0, 0)
#define static_branch_maybe(config, x) \\
	(config ? static_branch_likely(x) : static_branch_unlikely(x))
void change(struct static_key *key, int by);
#define static_branch_enable(x) change(&(x)->key, 1)
#define static_branch_disable(x) change(&(x)->key, 2)
#define static_branch_inc(x) change(&(x)->key, 3)
#define static_branch_dec(x) change(&(x)->key, 4)
#define static_branch_enable_cpuslocked(x) change(&(x)->key, 5)
#define static_branch_disable_cpuslocked(x) change(&(x)->key, 6)
#define static_branch_inc_cpuslocked(x) change(&(x)->key, 7)
#define static_branch_dec_cpuslocked(x) change(&(x)->key, 8)
#define static_key_enabled(x) ((x)->key.enabled > 0)
#endif
"""
_LIMIT = """\
#ifndef LIMIT_H
#define LIMIT_H
#include <linux/jump_label.h>
struct slow_key { struct static_key_false key; int wait; };
#define DEFINE_STATIC_KEY_DEFERRED_TRUE(name, rl) struct slow_key name = { .wait = rl }
#define DEFINE_STATIC_KEY_DEFERRED_FALSE(name, rl) struct slow_key name = { .wait = rl }
#define static_branch_deferred_inc(x) static_branch_inc(&(x)->key)
#define static_branch_slow_dec_deferred(x) change(&(x)->key.key, 9)
#define static_key_slow_dec_deferred(x) change(&(x)->key.key, 10)
#define static_key_deferred_flush(x) change(&(x)->key.key, 11)
#endif
"""
HEADERS = {
    "static_call_types": _TYPES,
    "static_call": _CALL,
    "jump_label": _LABEL,
    "jump_label_ratelimit": _LIMIT,
}
INCLUDES = (
    "#include <linux/static_call.h>\n#include <linux/jump_label.h>\n"
    "#include <linux/jump_label_ratelimit.h>\n"
)

#: every idiom that Linux's headers define, once at least
ALL_FORMS = (
    INCLUDES
    + """
int f(int a);
void g(void);
#define CONFIG_X 1
DEFINE_STATIC_CALL(one, f);
DEFINE_STATIC_CALL_NULL(two, g);
DEFINE_STATIC_CALL_RET0(three, f);
DECLARE_STATIC_CALL(four, f);
EXPORT_STATIC_CALL(one); EXPORT_STATIC_CALL_GPL(two);
EXPORT_STATIC_CALL_TRAMP(three); EXPORT_STATIC_CALL_TRAMP_GPL(three);
DEFINE_STATIC_KEY_TRUE(a); static DEFINE_STATIC_KEY_TRUE_RO(b);
DEFINE_STATIC_KEY_FALSE(c); static DEFINE_STATIC_KEY_FALSE_RO(d);
DEFINE_STATIC_KEY_MAYBE(CONFIG_X, e); DEFINE_STATIC_KEY_MAYBE_RO(CONFIG_X, h);
DEFINE_STATIC_KEY_ARRAY_TRUE(ks, 2); DEFINE_STATIC_KEY_ARRAY_FALSE(ls, 2);
DECLARE_STATIC_KEY_TRUE(a); DECLARE_STATIC_KEY_FALSE(c); DECLARE_STATIC_KEY_MAYBE(CONFIG_X, e);
DECLARE_STATIC_KEY_ARRAY_TRUE(ks, 2); DECLARE_STATIC_KEY_ARRAY_FALSE(ls, 2);
DEFINE_STATIC_KEY_DEFERRED_TRUE(slow, 5); DEFINE_STATIC_KEY_DEFERRED_FALSE(slower, 6);
int use(int x)
{
	if (static_branch_likely(&a) && !static_branch_unlikely(&c) ||
		static_branch_maybe(CONFIG_X, &e))
		x += static_call(one)(x) + static_call_mod(four)(
			x);
	static_call_cond(two)();
	static_call_update(one, static_call_query(four));
	static_branch_enable(&c); static_branch_disable(&a);
	static_branch_inc(&ls[1]); static_branch_dec(&ls[1]);
	static_branch_enable_cpuslocked(&c); static_branch_disable_cpuslocked(&c);
	static_branch_inc_cpuslocked(&c); static_branch_dec_cpuslocked(&c);
	static_branch_deferred_inc(&slow); static_branch_slow_dec_deferred(&slow);
	static_key_slow_dec_deferred(&slow); static_key_deferred_flush(&slow);
	return static_key_enabled(&a) + x;
}
"""
)


def write(folder: Path) -> Path:
    """The headers in a folder of a kernel; gives the one that follows ``-I``."""
    include = folder / "include"
    (include / "linux").mkdir(parents=True, exist_ok=True)
    for name, text in HEADERS.items():
        (include / "linux" / f"{name}.h").write_text(text)
    return include
