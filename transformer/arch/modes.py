"""The modes and their classes; which of them an arch has, its ``modes`` say."""

from __future__ import annotations

GENERIC, SLOT, TRAMPOLINE = "generic", "slot", "trampoline"
INLINE, INLINE_ASM = "inline", "inline-asm"

#: Sites hold the branch to the target.
INLINE_MODES = (INLINE, INLINE_ASM)
#: Guards and trampolines are patched code.
PATCHED_MODES = (TRAMPOLINE, *INLINE_MODES)
#: Each key has a trampoline.
TRAMPOLINE_MODES = (SLOT, *PATCHED_MODES)
MODES = (GENERIC, *TRAMPOLINE_MODES)
#: Sites are found in the compiler's assembly, and every branch to a trampoline is one.
ANNOTATED_MODES = (INLINE,)
