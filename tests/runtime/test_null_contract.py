"""What NULL and RET0 do at run time, where the rewriter told the key what its functions return."""

from __future__ import annotations

from pathlib import Path

import pytest
from runtime_program import started

from transformer import arch as arches

UNIT = """
#include <sc/static_call.h>
struct pair { double x, y; };
struct pair make(void);
long number(long a);
double half(double a);
struct pair make(void) { return (struct pair){ 1, 2 }; }
long number(long a) { return a; }
double half(double a) { return a / 2; }
DEFINE_STATIC_CALL(record, make);
DEFINE_STATIC_CALL(integer, number);
DEFINE_STATIC_CALL(floating, half);
long seen;
void record_null(void) { static_call_update(record, (struct pair (*)(void))0); }
void record_ret0(void) { static_call_update(record, (void *)__static_call_return0); }
void floating_null(void) { static_call_update(floating, (double (*)(double))0); }
void integer_null(void)
{
	static_call_update(integer, (long (*)(long))0);
	seen = static_call(integer)(7) + (static_call_query(integer) == 0 ? 100 : 0);
}
void integer_ret0(void)
{
	static_call_update(integer, (void *)__static_call_return0);
	seen = static_call(integer)(7) + (static_call_query(integer) == 0 ? 100 : 0);
}
void _start(void) { }
"""
CELLS = [(name, mode) for name in arches.names() for mode in arches.load(name).modes]


@pytest.mark.parametrize(("name", "mode"), CELLS)
def test_what_cannot_be_zero_traps_and_what_can_is_zero(
    name: str, mode: str, tmp_path: Path
) -> None:
    image, machine = started(UNIT, name, mode, tmp_path, stepping=True)
    for function in ("record_null", "record_ret0", "floating_null"):
        outcome = machine.run(image.symbols[function].address)
        assert outcome.status == "fault", function
        assert image.symbol_at(outcome.pc)[0].name == "__sc_static_call_update"
    for function, wanted in (("integer_null", 100), ("integer_ret0", 0)):
        assert machine.run(image.symbols[function].address).ok
        seen = machine.read(image.symbols["seen"].address, 8)
        assert int.from_bytes(seen, arches.load(name).byteorder) == wanted, function
