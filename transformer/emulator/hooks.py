"""Unicorn's hook for each instruction, without what its own wrapper does for each.

A stepping machine spends half of its time between Unicorn and Python.  The
wrapper calls three functions and packs what this machine does not ask for.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from transformer.emulator.library import unicorn

# uc_cb_hookcode_t: (handle, address, size, user data); the last two are not looked at.
_CODE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64)
_ADD = "_Uc__do_hook_add"  # of unicorn 2.1's Python, which keeps the callback alive


class CodeHook:
    """Asks ``step(address)`` before each instruction, while there is one: True stops before it.

    What it raises ends the run, and comes out.
    """

    def __init__(self) -> None:
        self.step: Callable[[int], bool] | None = None

    def install(self, uc: Any) -> None:
        """Before the first run of this machine."""
        add = getattr(uc, _ADD, None)
        if add is None or not hasattr(uc, "_hook_exception"):
            uc.hook_add(unicorn.UC_HOOK_CODE, self._told)
            return

        def direct(handle: int, address: int) -> None:
            try:
                step = self.step
                if step is not None and step(address):
                    uc.emu_stop()
            except BaseException as e:  # it must not pass through Unicorn's C
                if uc._hook_exception is None:
                    uc._hook_exception = e
                uc.emu_stop()

        add(unicorn.UC_HOOK_CODE, _CODE(direct), 1, 0)

    def _told(self, uc: Any, address: int, size: int, data: object) -> None:
        if self.step is not None and self.step(address):
            uc.emu_stop()
