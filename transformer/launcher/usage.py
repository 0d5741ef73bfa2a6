"""What ``sc-transform cc --help`` prints."""

USAGE_TEXT = """\
usage: sc-transform cc [--sc-OPTION=VALUE ...] COMPILER ARGUMENTS...

Runs the compiler as it is given. Where a unit has static calls, static keys or
dynamic functions, its object is then built anew, with patched code in it; where
objects with such code are linked, the runtime goes with them.

  --sc-mode=M              inline (default), inline-asm, trampoline, slot, generic
  --sc-profile=sc|linux    linux: tables for Linux's own macros, no rewriting
  --sc-dynamic=F=VALUE     make F a dynamic function that returns VALUE while it is
                           off (F= for void); may be repeated
  --sc-dynamic-lowering=L  key or call
  --sc-arch=A              the arch, where the compiler's own answer is not wanted
  --sc-config=FILE         the configuration (default: the nearest sc-transform.toml,
                           or pyproject.toml with [tool.sc-transform])
  --sc-log=FILE            append what was done to FILE; 'sc-transform log FILE' shows it

Each has a variable: SC_TRANSFORM_MODE, SC_TRANSFORM_DYNAMIC='f=0;g=' and so on.
A symbolic link to sc-transform that is named as a compiler runs the next program
of that name on PATH.
"""
