"""Finds the arch folders and reads them.

An arch is a folder of ``templates/`` with an ``arch.toml``; its name is the
folder's.  ``SC_TEMPLATES`` in the environment names another ``templates/``.
"""

from __future__ import annotations

import platform
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from transformer.arch.assembly import Assembly, PrintedBranch, RelocatedBranch
from transformer.arch.frames import Authentication, Unwind
from transformer.arch.model import (
    Arch,
    Branch,
    Breakpoint,
    ByteOrder,
    Emulation,
    Field,
    Form,
    IndirectBranch,
    InlineAsm,
    Instruction,
    Pair,
    Registers,
    Snippet,
    Synchronise,
    TextProperty,
    Toolchain,
    Variant,
)
from transformer.places import templates_dir


class UnknownArch(ValueError):
    """No such arch; the message lists those that there are."""


class BadArch(ValueError):
    """An ``arch.toml`` that does not say what it must; names the file."""


def names() -> list[str]:
    """The names of all arches, sorted."""
    return sorted(p.parent.name for p in templates_dir().glob("*/arch.toml"))


def host() -> Arch:
    """The arch of this machine; ``UnknownArch`` where there is none."""
    machine = platform.machine()
    known = names()
    if machine in known and machine in load(machine).machines:
        return load(machine)
    fitting = [n for n in known if machine in load(n).machines]
    if not fitting:
        raise UnknownArch(f"no arch for this machine ({machine}); there are: {', '.join(known)}")
    return load(fitting[0])


def load(name: str) -> Arch:
    """The arch called ``name``; ``UnknownArch`` or ``BadArch`` where it fails."""
    return _load(templates_dir(), name)


@cache
def _load(templates: Path, name: str) -> Arch:
    folder = templates / name
    if not name or Path(name).name != name or not (folder / "arch.toml").is_file():
        known = ", ".join(sorted(p.parent.name for p in templates.glob("*/arch.toml")))
        raise UnknownArch(f"unknown arch '{name}'; there are: {known}")
    path = folder / "arch.toml"
    try:
        return _arch(name, folder, tomllib.loads(path.read_text(encoding="utf-8")))
    except KeyError as e:
        raise BadArch(f"{path}: {e.args[0]!r} is missing") from e
    except (tomllib.TOMLDecodeError, TypeError, ValueError) as e:
        raise BadArch(f"{path}: {e}") from e


def _arch(name: str, folder: Path, data: dict[str, Any]) -> Arch:
    elf, code = data["elf"], data["code"]
    order = _byteorder(elf["byteorder"])
    return Arch(
        name=name,
        folder=folder,
        title=data["title"],
        machines=tuple(data["machines"]),
        elf_machine=elf["machine"],
        elf_class=elf["class"],
        byteorder=order,
        pointer_size=elf["class"] // 8,
        instruction_alignment=code["alignment"],
        unit=code["unit"],
        modes=tuple(data["modes"]),
        default_mode=data["default_mode"],
        dynamic_lowering=data["dynamic_lowering"],
        branches={n: _branch(n, row, order) for n, row in data["branch"].items()},
        pairs=tuple(_pair(row) for row in data.get("pair", ())),
        instructions={
            n: Instruction(n, bytes.fromhex(row)) for n, row in data["instruction"].items()
        },
        forms={n: Form(n, tuple(row)) for n, row in data["form"].items()},
        landing_pads=tuple(bytes.fromhex(row) for row in data["landing_pad"]["codes"]),
        pad_alignment=data["landing_pad"].get("alignment", 1),
        trampoline_end=bytes.fromhex(code["trampoline_end"]),
        trampoline_block=code.get("trampoline_block", 0),
        padding=bytes.fromhex(code.get("padding", "")),
        indirect=tuple(_indirect(row) for row in data["indirect"]),
        authentication=tuple(_authentication(row) for row in data.get("authentication", ())),
        registers=_registers(data["registers"]),
        unwind=_unwind(data["unwind"]),
        emulation=_emulation(data["emulator"]),
        toolchain=_toolchain(data["toolchain"]),
        variants=tuple(_variant(row) for row in data["variant"]),
        hardened=tuple(_variant(row) for row in data.get("hardened", ())),
        relocations=tuple(elf["relative_relocations"]),
        symbolic_relocations=tuple(elf["symbolic_relocations"]),
        synchronise=tuple(Synchronise(**row) for row in data["synchronise"]),
        publish=tuple(Synchronise(**row) for row in data.get("publish", ())),
        text_property=TextProperty(**data["text_property"]) if "text_property" in data else None,
        breakpoint=_breakpoint(data["breakpoint"]) if "breakpoint" in data else None,
        assembly=_assembly(data["assembly"]) if "assembly" in data else None,
        inline_asm=InlineAsm(**_frozen_row(data["inline_asm"])) if "inline_asm" in data else None,
    )


def _byteorder(text: str) -> ByteOrder:
    if text == "little":
        return "little"
    if text == "big":
        return "big"
    raise ValueError(f"byteorder is little or big, not {text!r}")


def _branch(name: str, row: dict[str, Any], byteorder: ByteOrder) -> Branch:
    fields = tuple(Field(*f) for f in row["fields"])
    ignored = row.get("ignored", 0)
    return Branch(name, row["base"], row["size"], row["bias"], fields, byteorder, ignored)


def _pair(row: dict[str, Any]) -> Pair:
    return Pair(**{**row, "high": Field(*row["high"]), "low": Field(*row["low"])})


def _breakpoint(row: dict[str, Any]) -> Breakpoint:
    return Breakpoint(code=bytes.fromhex(row["code"]), behind=row["behind"])


def _registers(row: dict[str, Any]) -> Registers:
    return Registers(
        pc=row["pc"],
        sp=row["sp"],
        link=row.get("link"),
        arguments=tuple(row["arguments"]),
        returns=tuple(row["returns"]),
        callee_saved=tuple(row["callee_saved"]),
        variadic=tuple(row.get("variadic", ())),
        scratch=tuple(row.get("scratch", ())),
    )


def _indirect(row: dict[str, Any]) -> IndirectBranch:
    pads = tuple(bytes.fromhex(pad) for pad in row.get("pads", ()))
    return IndirectBranch(**{**row, "pads": pads})


def _authentication(row: dict[str, Any]) -> Authentication:
    if row["kind"] not in ("sign", "authenticate"):
        raise ValueError(f"authentication: kind is sign or authenticate, not {row['kind']!r}")
    return Authentication(**row)


def _unwind(row: dict[str, Any]) -> Unwind:
    found = Unwind(tuple(row["registers"]), row["sp"], row.get("sign_state", 0))
    if not 0 <= found.sp < len(found.registers):
        raise ValueError(f"unwind: sp is register {found.sp}, of {len(found.registers)}")
    return found


def _emulation(row: dict[str, Any]) -> Emulation:
    return Emulation(
        unicorn_arch=row["unicorn_arch"],
        unicorn_mode=tuple(row["unicorn_mode"]),
        unicorn_prefix=row["unicorn_prefix"],
        unicorn_cpu=row.get("unicorn_cpu", ""),
        capstone_arch=row["capstone_arch"],
        capstone_mode=tuple(row["capstone_mode"]),
        stack_alignment=row["stack_alignment"],
        stack_bias_at_entry=row["stack_bias_at_entry"],
        setup=tuple(row.get("setup", {}).items()),
        conditions=tuple(tuple(c.items()) for c in row.get("conditions", ())),
        setup_symbols=tuple(row.get("setup_symbols", {}).items()),
        snippets={n: Snippet(bytes.fromhex(c), a) for n, (c, a) in row["snippets"].items()},
    )


def _toolchain(row: dict[str, Any]) -> Toolchain:
    return Toolchain(
        triples=tuple(row["triples"]),
        cross_gcc=tuple(row["cross_gcc"]),
        cross_gcc_package=row["cross_gcc_package"],
        zig_target=row["zig_target"],
        condition=row["condition"],
        cflags=tuple(row["cflags"]),
        ldflags=tuple(row["ldflags"]),
    )


def _variant(row: dict[str, Any]) -> Variant:
    return Variant(
        name=row["name"],
        cflags=tuple(row["cflags"]),
        ldflags=tuple(row.get("ldflags", ())),
        pie=row["pie"],
        pads=row["pads"],
        compilers=tuple(row.get("compilers", ())),
        modes=tuple(row.get("modes", ())),
        retpolines=row.get("retpolines", False),
        type_word=row.get("type_word", 0),
    )


def _assembly(row: dict[str, Any]) -> Assembly:
    rest = {n: _frozen(v) for n, v in row.items() if n not in ("branch", "relocated")}
    return Assembly(
        branches=tuple(PrintedBranch(**_frozen_row(b)) for b in row["branch"]),
        relocated=tuple(RelocatedBranch(**_frozen_row(r)) for r in row["relocated"]),
        **rest,
    )


def _frozen_row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _frozen(value) for name, value in row.items()}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
