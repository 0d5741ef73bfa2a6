"""Compilers, a C unit with sites of all kinds, and how it is built."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from transformer.arch import Arch, load, names
from transformer.assembling import Built, build_object
from transformer.runtime import header_dir
from transformer.toolchain import Compiler, available

BUILDS = [(load(name), cc) for name in names() for cc in available(load(name))]

# Calls, tails, recursion, cold code, sections, COMDAT, inline asm, a constructor, an address.
UNIT = """
#include <sc/static_call.h>
extern int other(int);
extern void nothing(int);
struct big { long a[4]; };
extern struct big big(int);
extern int ext(int);
DECLARE_STATIC_CALL(foreign, other);
static int first(int a) { return a + 1; }
DEFINE_STATIC_CALL(k, first);
DEFINE_STATIC_CALL_NULL(v, nothing);
DECLARE_STATIC_CALL(b, big);
int both(int a) { return static_call(k)(a) + static_call(foreign)(a); }
int tail(int a) { return static_call(k)(a); }
void void_tail(int a) { static_call_cond(v)(a); }
void maybe(int a) { if (a > 3) static_call_cond(v)(a); }
long in_memory(int a) { return static_call(b)(a).a[2] + ext(a); }
int cold(int a)
{
	if (__builtin_expect(ext(a), 0)) {
		ext(static_call(k)(a));
		ext(a);
	}
	return 0;
}
__attribute__((__cold__)) int all_cold(int a) { return static_call(k)(a) + 7; }
int recursive(int a) { return a ? recursive(static_call(k)(a) - 2) * 3 : 0; }
__attribute__((__section__(".text.special"))) int special(int a) { return static_call(k)(a) * 2; }
__asm__(".section .text.group,\\"axG\\",%progbits,group,comdat\\n"
	".weak group\\n.type group, %function\\ngroup:\\n\\t"
	IN_ASM "\\n\\t" "ret\\n\\t" ".previous");
void in_asm(void) { __asm__ volatile("1: " IN_ASM "; " IN_ASM "\\n1:" : : : CLOBBERS); }
void *address(void) { return (void *)__SCT__k; }
__attribute__((__constructor__)) static void constructor(void) { static_call_cond(v)(1); ext(2); }
"""

# What the unit needs to be a program of its own.
REST = """
struct sc_object;
void __sc_register(struct sc_object *object) { (void)object; }
void __sc_unregister(struct sc_object *object) { (void)object; }
int other(int a) { return a; }
void nothing(int a) { (void)a; }
struct big { long a[4]; };
struct big big(int a) { struct big b = { { a } }; return b; }
int ext(int a) { return a; }
void _start(void) { }
void *memset(void *to, int c, unsigned long n)
{
	for (char *p = to; n--; p++)
		*p = (char)c;
	return to;
}
void *__static_call_return0, *__static_call_null;
struct { void *func; } __SCK__foreign, __SCK__b;
"""


def unit_text(arch: Arch) -> str:
    """The unit, with the arch's call in its inline asm."""
    assert arch.assembly is not None
    call = arch.assembly.branches[0].mnemonics[0]
    link = arch.registers.link
    clobbers = f'"{link.lower()}", "memory"' if link else '"memory"'
    return f'#define IN_ASM "{call} __SCT__v"\n#define CLOBBERS {clobbers}\n{UNIT}'


def build(
    arch: Arch, cc: Compiler, folder: Path, flags: Sequence[str] = (), *, profile: str = "sc"
) -> Built:
    """Builds the unit to ``unit.o``; its assembly is ``unit.s``."""
    (folder / "unit.c").write_text(unit_text(arch))
    headers = header_dir("lowered", arch, "inline" if "inline" in arch.modes else "trampoline")
    words = [*arch.toolchain.cflags, "-w", "-I", str(headers), *flags]
    return build_object(
        cc, folder / "unit.c", folder / "unit.o", words, arch,
        profile=profile, assembly=folder / "unit.s",
    )  # fmt: skip
