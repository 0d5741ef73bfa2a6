"""The kernel module: how Kbuild is asked, and what becomes of Linux's own macros.

A stand-in for a kernel's build folder compiles as Kbuild does; its headers have
no more of Linux than the module uses.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from integration_tools import compiler, environment, example, run, section_size

KERNEL = {
    "Makefile": """\
modules:
	@echo 'profile=$(SC_TRANSFORM_PROFILE)' 'cc=$(CC)'
	$(CC) -O2 -fno-pie -Iinclude -Wp,-MMD,$(M)/.sc_demo.o.d -c $(M)/sc_demo.c -o $(M)/sc_demo.o
""",
    "include/linux/module.h": """\
#define MODULE_LICENSE(text)
#define MODULE_DESCRIPTION(text)
#define MODULE_PARM_DESC(name, text)
#define __init __attribute__((__section__(".init.text")))
#define __exit
#define module_init(f) int init_module(void) __attribute__((alias(#f)));
#define module_exit(f) void cleanup_module(void) __attribute__((alias(#f)));
int pr_info(const char *format, ...);
""",
    "include/linux/moduleparam.h": """\
typedef _Bool bool;
struct kernel_param;
struct kernel_param_ops { int (*set)(const char *, const struct kernel_param *); };
#define module_param_cb(name, ops, arg, mode) const void *__param_##name = ops;
int kstrtobool(const char *text, bool *value);
#define NULL ((void *)0)
""",
    "include/linux/static_call.h": """\
struct static_call_key { void *func; void *sites; };
void __static_call_update(struct static_call_key *key, void *tramp, void *func);
#define DEFINE_STATIC_CALL(name, _func) \\
	extern __typeof__(_func) __SCT__##name; \\
	struct static_call_key __SCK__##name = { _func, 0 };
#define static_call(name) (&__SCT__##name)
#define static_call_update(name, f) __static_call_update(&__SCK__##name, &__SCT__##name, f)
""",
}


@pytest.fixture
def module(tmp_path: Path) -> Path:
    for name, text in KERNEL.items():
        (tmp_path / "kernel" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "kernel" / name).write_text(text)
    return example("kbuild-module", tmp_path)


ENTRY = 8  # two 32-bit fields


def test_each_call_has_its_entry_as_objtool_makes_it(module: Path, tmp_path: Path) -> None:
    env = environment(tmp_path)
    words = [f"KDIR={tmp_path / 'kernel'}", f"CC={compiler()}"]
    told = run("make", *words, cwd=module, env=env).stdout
    assert f"profile=linux cc=sc-transform cc {compiler()}" in told
    assert section_size(module / "sc_demo.o", ".static_call_sites") == 2 * ENTRY
    assert section_size(module / "sc_demo.o", "static_call_sites") == 0


def test_without_the_launcher_there_are_none(module: Path, tmp_path: Path) -> None:
    env = environment(tmp_path)
    words = ["modules", f"M={module}", f"CC={compiler()}"]
    run("make", *words, cwd=tmp_path / "kernel", env=env)
    assert section_size(module / "sc_demo.o", ".static_call_sites") == 0
