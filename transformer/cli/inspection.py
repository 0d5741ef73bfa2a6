"""What a loaded program tells of its static calls and static keys, as plain data."""

from __future__ import annotations

from typing import Any

from transformer.arch import Arch, Branch
from transformer.emulator import Image, Site, disassemble, find_sites
from transformer.emulator.sites import NULL, RET0
from transformer.emulator.tables import KEY, PROXY_PATCHED, Guard, Proxy, Tables

NAMES = {NULL: "NULL", RET0: "RET0"}
DYNAMIC = "__SCD__"


def inspect_image(image: Image) -> dict[str, Any]:
    """Arch, static calls and static keys of an image; the shape of the JSON."""
    tables = Tables(image)
    sites = find_sites(image, image.arch)
    return {
        "arch": image.arch.name,
        "title": image.arch.title,
        "static_calls": [_call(tables, key, sites) for key in _call_keys(tables)],
        "static_keys": _static_keys(tables),
    }


def _call_keys(tables: Tables) -> list[int]:
    """Addresses of all static calls: those with proxies, and those by their symbols alone."""
    symbols = (s.address for s in tables.image.all_symbols if s.name.startswith(KEY))
    keys = dict.fromkeys([*symbols, *(p.key for p in tables.proxies)])
    return sorted((k for k in keys if k), key=tables.call_key_name)


def _call(tables: Tables, key: int, sites: list[Site]) -> dict[str, Any]:
    image = tables.image
    name = tables.call_key_name(key)
    target = image.pointer(key) if image.section_at(key) else 0
    proxies = [p for p in tables.proxies if p.key == key]
    return {
        "key": name,
        "target": _symbol(image, target),
        "trampolines": [_trampoline(tables, proxy, target) for proxy in proxies],
        "sites": [_site(image, s, target) for s in sites if s.kind != "guard" and s.key == name],
    }


def _symbol(image: Image, address: int) -> str:
    found = image.symbol_at(address) if address else None
    if found is None:
        return f"{address:#x}" if address else "unknown"
    symbol, offset = found
    name = NAMES.get(symbol.name, symbol.name)
    return f"{name}+{offset:#x}" if offset else name


def _trampoline(tables: Tables, proxy: Proxy, target: int) -> dict[str, Any]:
    image = tables.image
    start, end = tables.body(proxy.trampoline)
    code = image.read(start, end - start)
    return {
        "address": start,
        "where": image.describe(start),
        "patched": bool(proxy.flags & PROXY_PATCHED),
        "instruction": proxy.insn,
        "disassembly": disassemble(image.arch, code, start, image),
        "states": _states(image, "trampoline", proxy.insn, target),
    }


def _static_keys(tables: Tables) -> list[dict[str, Any]]:
    """The keys that guards name, each with its guards."""
    keys = dict.fromkeys(g.key for g in tables.guards if g.key)
    found = []
    for key in sorted(keys, key=tables.static_key_name):
        guards = [g for g in tables.guards if g.key == key]
        name = tables.static_key_name(key)
        found.append(
            {
                "key": name.removeprefix(DYNAMIC),
                "dynamic": name.startswith(DYNAMIC),
                "enabled": tables.key_enabled(guards[0]),
                "guards": [_guard(tables.image, g) for g in guards],
            }
        )
    return found


def _guard(image: Image, guard: Guard) -> dict[str, Any]:
    """``branch`` tells when it jumps: the instruction is a jump iff enabled ^ branch."""
    return {
        "address": guard.code,
        "where": image.describe(guard.code),
        "target": image.describe(guard.target),
        "branch": guard.branch,
        "states": _states(image, "guard", guard.code, guard.target),
    }


def _site(image: Image, site: Site, target: int) -> dict[str, Any]:
    code = image.read(site.address, site.size)
    rows = disassemble(image.arch, code, site.address, image)
    return {
        "address": site.address,
        "where": image.describe(site.address),
        "kind": site.kind,
        "line": str(site.line) if site.line is not None else "",
        "patched": site.patched,
        "bytes": code.hex(" "),
        "text": rows[0].split(code.hex(" "), 1)[-1].strip() if rows else "",
        "states": _states(image, f"{site.kind}_site", site.address, target) if site.patched else [],
    }


def _states(image: Image, place: str, address: int, target: int) -> list[dict[str, Any]]:
    """Each state that one store may put there; ``present`` is the one in the file."""
    arch = image.arch
    found = []
    for state in arch.forms[place].states:
        code, why = _encode(arch, state, address, target)
        present = code is not None and image.read(address, len(code)) == code
        text = "" if code is None else code.hex(" ")
        found.append({"state": state, "bytes": text, "present": present, "why": why})
    return found


def _encode(arch: Arch, state: str, address: int, target: int) -> tuple[bytes | None, str]:
    branch: Branch | None = arch.branches.get(state)
    if branch is None:
        return arch.instructions[state].code, ""
    if not target:
        return None, "the target is not in this file"
    if not branch.reaches(address, target):
        return None, "out of reach: the slot path is taken"
    return branch.encode(address, target), ""
