"""Check 6: a target beyond a branch's reach is called through the slot path, and only then.

Each key is pointed at a target of its own signature in another image, beyond
the reach of the arch's jump, then at one in the program itself.  Where sites
are patched, each is looked at in both states, and in those of a key that is
NULL and that returns 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from transformer.arch import Arch
from transformer.arch.modes import INLINE_MODES, PATCHED_MODES
from transformer.corpus.ctype import Integer, Pointer, Void
from transformer.corpus.events import KeyCall
from transformer.corpus.harness import FAR, NEAR
from transformer.corpus.plan import Reach
from transformer.corpus.program import Did, Program
from transformer.corpus.results import CaseResult, Failure
from transformer.corpus.values import same
from transformer.emulator import Image, Machine, SiteCheck, inline_sites
from transformer.emulator.sites import NULL, RET0
from transformer.emulator.tables import KEY, Proxy, Tables

_AWAY = 2  # times the distance that a jump's displacement can tell apart
_PAGE = 1 << 16
_NEAR_FAULT = "takes the slot path for a target within reach"
_FAR_FAULT = "does not take its slot path for a target beyond reach"


def far_base(arch: Arch, image: Image) -> int:
    """Where the far image goes: beyond the reach of any jump in ``image``."""
    end = max(s.end for s in image.entry_sections)
    distance = _AWAY << arch.branch("jump").bits
    return (end + distance + _PAGE - 1) // _PAGE * _PAGE


def check_reach(
    result: CaseResult, program: Program, far: Image, mode: str, called: Collection[str]
) -> None:
    """Points each key far and near, calls it, and looks at its trampoline and its sites.

    ``called`` are the keys that the case calls: where sites are patched, they have some.
    """
    for reach in program.built.reach:
        if f"__h_rec_{reach.name}" in program.image.symbols:
            result.fail(*_key(result, program, far, reach, mode))
            if mode in INLINE_MODES and reach.name in called:
                result.fail(*_has_sites(program, reach.name))
            if mode in INLINE_MODES and _may_be_null(reach, program.arch):
                result.fail(*_nulls(result, program, reach.name, mode))


def _key(
    result: CaseResult, program: Program, far: Image, reach: Reach, mode: str
) -> Iterator[Failure]:
    seen: list[KeyCall] = []
    for image, prefix in ((far, FAR), (program.image, NEAR)):
        target = image.symbols[prefix + reach.name].address
        did = _point_and_call(program, reach.name, target)
        result.count("reach")
        event = _dispatched(reach.name, prefix + reach.name, did)
        if event is None:
            yield _missed(program, reach.name, prefix, did)
            return
        seen.append(event)
        if mode in PATCHED_MODES:
            yield from _instructions(result, program, reach.name, target, prefix == NEAR)
        if mode in INLINE_MODES:
            yield from _sites(result, program, reach.name, mode)
            yield from _ways(result, program, reach.name, target)
    one, other = seen
    if not all(map(same, one.arguments, other.arguments)):
        picture = program.picture(0, one.site, program.trampoline_of(reach.name))
        yield Failure(
            "reach",
            f"key '{reach.name}' passes other arguments to a far target",
            site=picture.site,
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


def _may_be_null(reach: Reach, arch: Arch) -> bool:
    """Whether a key of this type may be NULL: the runtime traps where it may not."""
    returns = reach.type.returns
    word = isinstance(returns, Integer) and returns.size <= arch.pointer_size
    return word or isinstance(returns, Void | Pointer)


def _nulls(result: CaseResult, program: Program, key: str, mode: str) -> Iterator[Failure]:
    """The key's sites while it is NULL, and while it returns 0."""
    for name in (NULL, RET0):
        did = _point_and_call(program, key, program.image.symbols[name].address)
        result.count("reach")
        if _dispatched(key, name, did) is None:
            yield _missed(program, key, "", did, name)
        yield from _sites(result, program, key, mode)


def _has_sites(program: Program, key: str) -> Iterator[Failure]:
    tables, address = Tables(program.image), program.image.symbols[KEY + key].address
    if not any(s.proxy and s.proxy.key == address for s in inline_sites(tables)):
        message = f"key '{key}' is called, but no site of it is patched"
        yield Failure("reach", message, site=f"static_call_sites, {KEY}{key}")


def _sites(result: CaseResult, program: Program, key: str, mode: str) -> Iterator[Failure]:
    """Each site of the key holds what the key asks for now."""
    check = SiteCheck(Tables(program.image, program.machine), mode, live=True)
    for problem in check.problems(program.image.symbols[KEY + key].address):
        picture = program.picture(0, problem.address, program.trampoline_of(key))
        yield Failure(
            "reach",
            problem.message,
            site=problem.site,
            disassembly=picture.disassembly,
        )
    result.count("reach", check.counts["entries"])


def _ways(result: CaseResult, program: Program, key: str, target: int) -> Iterator[Failure]:
    """Each way station of the key's sites leads to the target, as when a site calls it."""
    tables, address = Tables(program.image), program.image.symbols[KEY + key].address
    machine, arrivals = program.machine, 0

    def arrived(machine: Machine, arrival: object) -> None:
        nonlocal arrivals
        arrivals += 1
        machine.set_reg(program.arch.registers.pc, machine.sentinel)

    for entry in tables.call_sites:
        proxy = tables.proxy_at.get(entry.proxy)
        if not entry.is_way or proxy is None or proxy.key != address:
            continue
        result.count("reach")
        arrivals = 0
        outcome = machine.run(entry.code, stops={target: arrived})
        if not outcome.ok or not arrivals:
            picture = program.picture(0, entry.code, proxy.trampoline)
            yield Failure(
                "reach",
                f"the way station of '{key}' does not lead to its target",
                site=picture.site,
                expected=machine.describe(target),
                got=outcome.detail or outcome.status,
                disassembly=picture.disassembly,
            )


def _dispatched(key: str, target: str, did: Did) -> KeyCall | None:
    """The one dispatch, if it is what it must be."""
    event = did.events[0] if len(did.events) == 1 and did.ended == "returned" else None
    if isinstance(event, KeyCall) and (event.key, event.target) == (key, target):
        return event
    return None


def _missed(program: Program, key: str, prefix: str, did: Did, null: str = "") -> Failure:
    event = did.events[0] if did.events else None
    where = "beyond" if prefix == FAR else "within"
    message = f"key '{key}' does not reach a target {where} a branch's reach"
    if null:
        message = f"key '{key}' does not come to {null}"
    got = str(event) if event is not None else f"{did.ended}: {did.detail or 'no dispatch'}"
    trampoline = program.trampoline_of(key)
    site = event.site if isinstance(event, KeyCall) else program.pending_site
    picture = program.picture(0, site, trampoline)
    return Failure(
        "reach",
        message,
        site=picture.site,
        expected=f"{key} -> {null or prefix + key}",
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
