"""The runtime's own names are known: an invented scenario calls none of them."""

from __future__ import annotations

from pathlib import Path

from transformer import arch as arches
from transformer.corpus.symbols import RUNTIME, read_symbols
from transformer.runtime import header_dir
from transformer.toolchain import compile_object, find


def test_what_the_plain_headers_bring_is_the_runtimes(tmp_path: Path) -> None:
    (tmp_path / "unit.c").write_text("#include <sc/sc.h>\n")
    flags = ("-I", str(header_dir("plain")))
    arch = arches.host()
    done = compile_object(find(arch), tmp_path / "unit.c", tmp_path / "unit.o", flags)
    assert done.ok, done.stderr
    named = read_symbols(tmp_path / "unit.o")
    seen = [name for name, global_ in named.functions.items() if global_]
    assert len(seen) > 20
    assert [name for name in seen if not RUNTIME.match(name)] == []
