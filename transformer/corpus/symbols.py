"""What an object file defines and what it leaves undefined."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from transformer.emulator.symtab import rows
from transformer.emulator.tables import KEY

#: The runtime's own words, which the plain headers or the runtime bring.
RUNTIME = re.compile(
    r"(__sc_(?!body_|impl_)|__SC[DKTP]_|__static_call_(null|return0)\Z"
    r"|static_key_(((try_)?(enable|disable))|(slow|try)_(inc|dec)|count)\Z"
    r"|static_update_(begin|commit|cancel)\Z|static_call_synchronize(_timeout)?\Z"
    r"|sc_(plain_dynamic|protection|quiescent|signal_number|set_signal|text_contains"
    r"|irq_enter|irq_exit|set_log|get_counters|for_each_key|for_each_site)\Z)"
)
HARNESS = "__h_"
_LINKER = re.compile(
    r"(_GLOBAL_OFFSET_TABLE_|__start_\w+|__stop_\w+|__init_array_\w+|_end|_DYNAMIC)\Z"
)


@dataclass
class ObjectSymbols:
    """Names by what they are; the value tells whether other objects see them."""

    functions: dict[str, bool] = field(default_factory=dict)
    objects: dict[str, bool] = field(default_factory=dict)
    undefined: set[str] = field(default_factory=set)

    @property
    def keys(self) -> set[str]:
        """The static-call keys that the object names."""
        every = {*self.objects, *self.undefined}
        return {n.removeprefix(KEY) for n in every if n.startswith(KEY)}

    def defines_key(self, key: str) -> bool:
        """Whether the key's DEFINE stands in this object."""
        return KEY + key in self.objects


def read_symbols(path: Path) -> ObjectSymbols:
    """The symbol table of a relocatable object."""
    found = ObjectSymbols()
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        table = elf.get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            return found
        for row in rows(table):
            if row.name.startswith("."):
                continue
            seen = row.binding != "STB_LOCAL"
            if not row.is_defined:
                if not _LINKER.match(row.name):
                    found.undefined.add(row.name)
            elif row.kind == "func":
                found.functions[row.name] = seen
            elif row.kind == "object":
                found.objects[row.name] = seen
    return found


def is_runtime(name: str) -> bool:
    """Whether a symbol belongs to the headers or the runtime, not to the case."""
    return RUNTIME.match(name) is not None
