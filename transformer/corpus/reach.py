"""Check 6: a target beyond a branch's reach is called through the slot path, and only then.

Each key is pointed at a target of its own signature in another image, beyond
the reach of the arch's jump, then at one in the program itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from transformer.arch import Arch
from transformer.corpus.events import KeyCall
from transformer.corpus.harness import FAR, NEAR
from transformer.corpus.plan import Reach
from transformer.corpus.program import Did, Program
from transformer.corpus.results import CaseResult, Failure
from transformer.corpus.symbols import KEY
from transformer.corpus.values import same
from transformer.emulator import Image
from transformer.emulator.tables import Proxy, Tables

_AWAY = 2  # times the distance that a jump's displacement can tell apart
_PAGE = 1 << 16
_NEAR_FAULT = "takes the slot path for a target within reach"
_FAR_FAULT = "does not take its slot path for a target beyond reach"


def far_base(arch: Arch, image: Image) -> int:
    """Where the far image goes: beyond the reach of any jump in ``image``."""
    end = max(s.end for s in image.entry_sections)
    distance = _AWAY << arch.branch("jump").bits
    return (end + distance + _PAGE - 1) // _PAGE * _PAGE


def check_reach(result: CaseResult, program: Program, far: Image, patched: bool) -> None:
    """Points each key far and near, calls it, and looks at what stands in its trampoline."""
    for reach in program.built.reach:
        if f"__h_rec_{reach.name}" in program.image.symbols:
            result.fail(*_key(result, program, far, reach, patched))


def _key(
    result: CaseResult, program: Program, far: Image, reach: Reach, patched: bool
) -> Iterator[Failure]:
    seen: list[KeyCall] = []
    for image, prefix in ((far, FAR), (program.image, NEAR)):
        target = image.symbols[prefix + reach.name].address
        did = _point_and_call(program, reach.name, target)
        result.count("reach")
        event = _dispatched(reach.name, prefix, did)
        if event is None:
            yield _missed(program, reach.name, prefix, did)
            return
        seen.append(event)
        if patched:
            yield from _instructions(result, program, reach.name, target, prefix == NEAR)
    one, other = seen
    if not all(map(same, one.arguments, other.arguments)):
        picture = program.picture(0, one.site, program.trampoline_of(reach.name))
        yield Failure(
            "reach",
            f"key '{reach.name}' passes other arguments to a far target",
            site=program.place(picture.site),
            expected=str(other),
            got=str(one),
            disassembly=picture.disassembly,
        )


def _point_and_call(program: Program, key: str, target: int) -> Did:
    size = program.arch.pointer_size
    slot = program.image.symbols[f"__h_far_target_{key}"].address
    program.machine.write(slot, program.image.word(target, size))
    did = program.call(f"__h_far_update_{key}")
    return did if did.ended != "returned" else program.call(f"__h_far_call_{key}")


def _dispatched(key: str, prefix: str, did: Did) -> KeyCall | None:
    """The one dispatch, if it is what it must be."""
    event = did.events[0] if len(did.events) == 1 and did.ended == "returned" else None
    if isinstance(event, KeyCall) and (event.key, event.target) == (key, prefix + key):
        return event
    return None


def _missed(program: Program, key: str, prefix: str, did: Did) -> Failure:
    event = did.events[0] if did.events else None
    where = "beyond" if prefix == FAR else "within"
    got = str(event) if event is not None else f"{did.ended}: {did.detail or 'no dispatch'}"
    trampoline = program.trampoline_of(key)
    site = event.site if isinstance(event, KeyCall) else program.pending_site
    picture = program.picture(0, site, trampoline)
    return Failure(
        "reach",
        f"key '{key}' does not reach a target {where} a branch's reach",
        site=program.place(picture.site),
        expected=f"{key} -> {prefix}{key}",
        got=got,
        disassembly=picture.disassembly,
    )


def _instructions(
    result: CaseResult, program: Program, key: str, target: int, near: bool
) -> Iterator[Failure]:
    """The patchable instruction: a jump to a near target, the NOP for a far one."""
    address = program.image.symbols[KEY + key].address
    tables = Tables(program.image, program.machine)
    for proxy in tables.proxies:
        if proxy.key != address:
            continue
        result.count("reach")
        if not _as_wanted(program, proxy, target, near):
            picture = program.picture(0, proxy.insn, proxy.trampoline)
            yield Failure(
                "reach",
                f"the trampoline of '{key}' {_NEAR_FAULT if near else _FAR_FAULT}",
                site=f"static_call_proxies entry of '{key}'",
                expected="a jump to the target" if near else "the NOP",
                got=program.machine.read(proxy.insn, 8).hex(" "),
                disassembly=picture.disassembly,
            )


def _as_wanted(program: Program, proxy: Proxy, target: int, near: bool) -> bool:
    arch, code = program.arch, program.machine.read(proxy.insn, 16)
    nop = arch.instruction("nop").code
    if not near:
        return code.startswith(nop)
    return arch.branch("jump").decode(proxy.insn, code) == target
