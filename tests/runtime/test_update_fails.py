"""An update that cannot be done changes nothing and says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from runtime_program import started

from transformer import arch as arches
from transformer.emulator.tables import Tables

UNIT = """
#include <sc/static_call.h>
long one(void);
long two(void);
long one(void) { return 1; }
long two(void) { return 2; }
DEFINE_STATIC_CALL(key, one);
long error, called, asked;
void update(void)
{
	error = static_call_update(key, two);
	asked = static_call_query(key) == one ? 1 : 2;
}
void call(void) { called = static_call(key)(); }
void _start(void) { }
"""


@pytest.mark.parametrize("name", arches.names())
def test_unexpected_bytes_are_left_alone(name: str, tmp_path: Path) -> None:
    """As a debugger's breakpoint would be: the key keeps its target, the site still calls it."""
    image, machine = started(UNIT, name, arches.load(name).default_mode, tmp_path)
    order = arches.load(name).byteorder

    def value(symbol: str) -> int:
        data = machine.read(image.symbols[symbol].address, 8)
        return int.from_bytes(data, order, signed=True)

    (proxy,) = Tables(image, machine).proxies
    patched = machine.read(proxy.insn, 8)
    machine.poke(proxy.insn, bytes(b ^ 0xFF for b in patched))
    assert machine.run(image.symbols["update"].address).ok
    assert (value("error"), value("asked")) == (-22, 1)
    machine.poke(proxy.insn, patched)
    assert machine.run(image.symbols["call"].address).ok
    assert value("called") == 1
    assert machine.run(image.symbols["update"].address).ok
    assert (value("error"), value("asked")) == (0, 2)
    assert machine.run(image.symbols["call"].address).ok
    assert value("called") == 2
