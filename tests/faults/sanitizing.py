"""Builds the exercise of all public functions for sanitizers and valgrind, or with a seeded bug."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from faulty import HOST, PIE, Builder

from transformer.runtime import render_runtime
from transformer.toolchain import find

#: What each tool says of an error; without these it would carry on.
OPTIONS = {
    "TSAN_OPTIONS": "halt_on_error=1 exitcode=66 report_signal_unsafe=0",
    "ASAN_OPTIONS": "halt_on_error=1 exitcode=66 detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1 exitcode=66 print_stacktrace=1",
}


@dataclass(frozen=True)
class Seed:
    """A bug that is written into the runtime's source."""

    name: str
    sanitizer: str
    pattern: str
    replacement: str
    told: str

    def plant(self, files: dict[str, str]) -> dict[str, str]:
        sown = {n: re.sub(self.pattern, self.replacement, text) for n, text in files.items()}
        assert sown != files, f"{self.name}: the runtime has no such text"
        return sown


#: The first statement of an update.
UPDATE = r"(int __sc_static_call_update\(struct static_call_key \*key, void \*func\)\n\{\n)"
SEEDS = [
    Seed(
        "a plain store of what others load",
        "thread",
        r"__atomic_store_n\(&key->enabled, count, __ATOMIC_RELEASE\)",
        "key->enabled = count",
        "data race",
    ),
    Seed(
        "a counter without the lock",
        "thread",
        UPDATE,
        r"static unsigned long sc_sown;\n\1\tsc_sown++;\n",
        "data race",
    ),
    Seed(
        "a key read past its end",
        "address",
        UPDATE,
        r'\1\t__asm__ volatile("" : : "r"(*(volatile char *)(key + 1)));\n',
        "global-buffer-overflow",
    ),
    Seed(
        "a shift out of the word",
        "undefined",
        UPDATE,
        r'static volatile int sc_sown = 32;\n\1\t__asm__ volatile("" : : "r"(1 << sc_sown));\n',
        "shift exponent 32 is too large",
    ),
]


class Exercise(Builder):
    """The exercise, and the object that it loads; all of it instrumented."""

    def __init__(self, folder: Path, family: str, sanitizer: str, seed: Seed | None) -> None:
        # valgrind 3.19 gives up at what newer compilers say in DWARF 5.
        flags = (f"-fsanitize={sanitizer}",) if sanitizer else ("-gdwarf-4",)
        if (family, sanitizer) == ("clang", "undefined"):
            # Targets are kept as void *, and RET0 is a function of another type: by design.
            flags += ("-fno-sanitize=function",)
        how = replace(PIE, cflags=(*PIE.cflags, *flags), ldflags=(*PIE.ldflags, *flags))
        super().__init__(folder, family, how)
        self.seed, self.sanitizer = seed, flags

    def runtime(self) -> Path:
        files = render_runtime(HOST)
        for name, text in (self.seed.plant(files) if self.seed else files).items():
            (self.folder / name).write_text(text)
        return self.compiled(self.folder / "sc_runtime.c")

    def part(self) -> Path:
        """The object that is loaded.  ziglang would put a second sanitizer into it."""
        flags = self.sanitizer if self.cc.family == "gcc" else ("-fno-sanitize=all", "-gdwarf-4")
        part = self.transformed("part.c", "inline", "-fPIC", *flags)
        return self.linked([part], "libpart.so", "-shared", *flags)

    def program(self) -> Path:
        self.part()
        objects = [self.transformed("exercise.c", "inline"), self.runtime()]
        return self.linked(objects, "exercise", *self.how.ldflags, "-rdynamic", "-ldl")


def has_sanitizer(family: str, sanitizer: str) -> bool:
    """Whether the compiler brings that sanitizer's runtime: ziglang's has none for addresses."""
    return sanitizer != "address" or not find(HOST, family).hosted
