"""The machine: it runs, stops, faults, is cut off, and says so."""

from __future__ import annotations

from itertools import pairwise

import pytest
from emulator_build import assemble, plain

from transformer.arch import Arch
from transformer.emulator import Arrival, Image, Machine, ReadWatch, hooks, registers
from transformer.emulator.memory import free_range, pages, regions, spans

SOURCE = """
volatile int result, noise, value = 41;
volatile double number = 1.5;
int (*volatile pointer)(int);
__attribute__((noinline)) int callee(int a) { return a + 1; }
__attribute__((noinline)) int tail_to(int a) { return callee(a + 100); }
void direct(void) { result = callee(value); }
void through_tail(void) { result = tail_to(value); }
void indirect(void) { pointer = callee; result = pointer(value); }
__attribute__((noinline)) int indirect_tail_helper(int a) { return pointer(a); }
void indirect_tail(void) { pointer = callee; result = indirect_tail_helper(value); }
void floating(void) { number = number * 2.0 + 0.25; }
void endless(void) { for (;;) noise++; }
void null_read(void) { result = *(volatile int *)8; }
void null_call(void) { ((void (*)(void))16)(); }
void data_call(void) { ((void (*)(void))(void *)&result)(); }
const int constant = 5;
void constant_write(void) { *(volatile int *)&constant = 6; }
void trap(void) { __builtin_trap(); }
int recorded[4];
__attribute__((noinline)) void record(int a) { recorded[0] = a; recorded[1]++; }
__attribute__((noinline)) void record_done(void) { noise++; }
void record_then(int a) { record(a); record_done(); }
int loop(int n) { for (int i = 0; i < n; i++) noise++; return n; }
void loops(void) { result = loop(1000); }
"""


def machine(arch: Arch, *, stepping: bool = True, source: str = SOURCE) -> tuple[Machine, Image]:
    image = plain(arch, source)
    return Machine(arch, [image], stepping=stepping), image


def word(machine: Machine, image: Image, name: str) -> int:
    return machine.integer(machine.read(image.symbols[name].address, 4))


@pytest.mark.parametrize("stepping", [False, True])
def test_functions_return_their_results(arch: Arch, stepping: bool) -> None:
    cpu, image = machine(arch, stepping=stepping)
    for name, result in (("direct", 42), ("through_tail", 142), ("indirect", 42)):
        outcome = cpu.run(image.symbols[name].address)
        assert outcome.ok, outcome
        assert word(cpu, image, "result") == result


@pytest.mark.parametrize("stepping", [False, True])
def test_floating_point_works(arch: Arch, stepping: bool) -> None:
    cpu, image = machine(arch, stepping=stepping)
    assert cpu.run(image.symbols["floating"].address).ok
    assert cpu.read(image.symbols["number"].address, 8).hex() == "0000000000000a40"  # 3.25


@pytest.mark.parametrize("stepping", [False, True])
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("null_read", "read of unmapped memory at 0x8"),
        ("null_call", "jump to unmapped memory"),
        ("data_call", "jump to memory that may not be executed"),
        ("constant_write", "write to memory that may not be written"),
        ("trap", ""),
    ],
)
def test_a_fault_is_no_return(arch: Arch, stepping: bool, name: str, what: str) -> None:
    cpu, image = machine(arch, stepping=stepping)
    outcome = cpu.run(image.symbols[name].address)
    assert outcome.status == "fault", outcome
    assert not outcome.ok
    assert what in outcome.detail
    if "jump" not in what and stepping:  # else the pc may be one instruction on
        found = image.symbol_at(outcome.pc)
        assert found is not None and found[0].name == name
    assert cpu.run(image.symbols["direct"].address).ok, "a fault ends its own run only"


@pytest.mark.parametrize("stepping", [False, True])
def test_a_hang_is_cut_off_and_located(arch: Arch, stepping: bool) -> None:
    cpu, image = machine(arch, stepping=stepping)
    outcome = cpu.run(image.symbols["endless"].address, limit=5000)
    assert outcome.status == "hang"
    found = image.symbol_at(outcome.pc)
    assert found is not None and found[0].name == "endless"
    assert "endless" in outcome.detail
    if stepping:
        assert outcome.instructions == 5000


def test_a_hang_without_a_limit_ends_by_the_clock(arch: Arch) -> None:
    cpu, image = machine(arch, stepping=False)
    outcome = cpu.run(image.symbols["endless"].address, limit=1 << 40, timeout_us=50_000)
    assert outcome.status == "hang"


def test_a_hang_in_a_stepping_machine_ends_by_the_clock(arch: Arch) -> None:
    cpu, image = machine(arch)
    outcome = cpu.run(image.symbols["endless"].address, limit=1 << 40, timeout_us=50_000)
    assert outcome.status == "hang"


def test_an_unbalanced_stack_is_no_return(arch: Arch) -> None:
    cpu = Machine(arch, stepping=False)
    cpu.map_region(0x10_0000, 0x1000, executable=True)
    push = {
        "EM_X86_64": "popq %rcx\npushq %rcx\npushq %rcx\nret",
        "EM_AARCH64": "sub sp, sp, #16\nret",
        "EM_RISCV": "addi sp, sp, -16\nret",
    }
    cpu.poke(0x10_0000, assemble(arch, push[arch.elf_machine]))
    outcome = cpu.run(0x10_0000)
    assert outcome.status == "fault"
    assert "stack pointer" in outcome.detail


def test_a_stop_sees_how_control_arrived(arch: Arch) -> None:
    cpu, image = machine(arch)
    kinds = {
        "direct": "direct-call",
        "through_tail": "direct-jump",
        "indirect": "indirect-call",
        "indirect_tail": "indirect-jump",
        "callee": "start",
    }
    callee = image.symbols["callee"].address
    for name, kind in kinds.items():
        seen: list[Arrival] = []
        stops = {callee: lambda _, arrival, seen=seen: seen.append(arrival)}
        assert cpu.run(image.symbols[name].address, stops=stops).ok
        assert [a.kind for a in seen] == [kind], name
        assert seen[0].address == callee
        found = image.symbol_at(seen[0].previous)
        assert (found is None) == (kind == "start")


def test_stops_in_straight_code_and_after_a_return(arch: Arch) -> None:
    cpu, image = machine(arch)
    start = image.symbols["direct"].address
    trace = cpu.run(start, trace=True).trace
    own = [a for a in trace if image.symbol_at(a) == (image.symbols["direct"], a - start)]
    seen: dict[int, str] = {}
    stops = {a: lambda _, arrival: seen.update({arrival.address: arrival.kind}) for a in own}
    outcome = cpu.run(start, stops=stops)
    assert outcome.ok
    assert list(seen) == own, "each instruction was stopped at once"
    assert sorted(set(seen.values())) == ["next", "return", "start"]
    assert outcome.instructions == len(trace), "stops add and drop no instruction"


def test_a_stop_in_a_loop_stops_each_time(arch: Arch) -> None:
    cpu, image = machine(arch)
    trace = cpu.run(image.symbols["loops"].address, trace=True).trace
    inner = max(set(trace), key=trace.count)
    times = trace.count(inner)
    assert times >= 100
    count = 0

    def counted(cpu: Machine, arrival: Arrival) -> None:
        nonlocal count
        count += 1

    assert cpu.run(image.symbols["loops"].address, stops={inner: counted}).ok
    assert count == times


def test_a_handler_may_return_from_the_function(arch: Arch) -> None:
    cpu, image = machine(arch)

    def instead(cpu: Machine, arrival: Arrival) -> None:
        cpu.set_reg(arch.registers.returns[0], 7)
        cpu.leave()

    for name in ("direct", "indirect_tail"):
        stops = {image.symbols["callee"].address: instead}
        assert cpu.run(image.symbols[name].address, stops=stops).ok
        assert word(cpu, image, "result") == 7


def test_a_handler_may_patch_what_comes_next(arch: Arch) -> None:
    """At the callee's entry, after it has run once: a jump to code elsewhere."""
    cpu, image = machine(arch)
    callee = image.symbols["callee"].address
    elsewhere = (callee + 0x8_0000) & -0x1000
    cpu.map_region(elsewhere, 0x1000, executable=True)
    snippets = arch.emulation.snippets
    cpu.poke(elsewhere, snippets["two"].code + snippets["return"].code)
    jump = arch.branch("jump").encode(callee, elsewhere)
    assert cpu.run(image.symbols["direct"].address).ok
    stops = {callee: lambda cpu, arrival: cpu.poke(callee, jump)}
    assert cpu.run(image.symbols["direct"].address, stops=stops).ok
    assert word(cpu, image, "result") == 2


def test_aside_leaves_registers_and_stack_as_they_were(arch: Arch) -> None:
    cpu, image = machine(arch)
    names = [*arch.registers.arguments, *arch.registers.callee_saved, arch.registers.sp]
    before: list[tuple[int, ...]] = []
    after: list[tuple[int, ...]] = []
    below: list[bytes] = []

    def handler(cpu: Machine, arrival: Arrival) -> None:
        cpu.set_reg(arch.registers.arguments[0], 77)
        sp = cpu.sp
        before.append(cpu.regs(names))
        below.append(cpu.read(sp - 256, 256))
        entry, until = image.symbols["record_then"].address, image.symbols["record_done"].address
        outcome = cpu.aside(entry, until)
        assert outcome.ok, outcome
        after.append(cpu.regs(names))
        below.append(cpu.read(sp - 256, 256))
        assert cpu.pc == arrival.address

    trace = cpu.run(image.symbols["direct"].address).instructions
    outcome = cpu.run(
        image.symbols["direct"].address, stops={image.symbols["callee"].address: handler}
    )
    assert outcome.ok
    assert before == after
    assert below[0] == below[1]
    assert outcome.instructions == trace, "aside is not counted"
    assert cpu.integer(cpu.read(image.symbols["recorded"].address, 4)) == 77
    assert word(cpu, image, "result") == 78


def test_aside_that_faults_or_returns_elsewhere_is_told(arch: Arch) -> None:
    cpu, image = machine(arch)
    outcomes = []

    def handler(cpu: Machine, arrival: Arrival) -> None:
        outcomes.append(cpu.aside(image.symbols["trap"].address, image.symbols["loop"].address))
        outcomes.append(cpu.aside(image.symbols["endless"].address, image.symbols["loop"].address))

    stops = {image.symbols["callee"].address: handler}
    assert cpu.run(image.symbols["direct"].address, stops=stops).ok
    assert [o.status for o in outcomes] == ["fault", "hang"]


def test_reads_are_seen_before_they_happen(arch: Arch) -> None:
    cpu, image = machine(arch)
    value, result = image.symbols["value"], image.symbols["result"]
    for _ in range(2):
        seen: list[tuple[int, int, str]] = []

        def on_read(cpu: Machine, address: int, size: int, seen: list = seen) -> None:  # type: ignore[type-arg]
            found = image.symbol_at(cpu.current)
            seen.append((address, size, found[0].name if found else ""))

        watch = ReadWatch(value.address, 4, on_read)
        assert cpu.run(image.symbols["direct"].address, reads=[watch]).ok
        assert seen == [(value.address, 4, "direct")]
    assert cpu.run(image.symbols["direct"].address).ok
    assert len(seen) == 1, "a watch ends with its run"
    unread = ReadWatch(result.address, 4, on_read)
    assert cpu.run(image.symbols["direct"].address, reads=[unread]).ok
    assert len(seen) == 1, "a store is no read"


def test_the_trace_lists_each_instruction(arch: Arch) -> None:
    cpu, image = machine(arch)
    outcome = cpu.run(image.symbols["direct"].address, trace=True)
    assert outcome.instructions == len(outcome.trace)
    assert outcome.trace[0] == image.symbols["direct"].address
    assert image.symbols["callee"].address in outcome.trace
    assert cpu.run(image.symbols["direct"].address).trace == []


def test_a_fast_machine_refuses_what_it_could_not_see(arch: Arch) -> None:
    cpu, image = machine(arch, stepping=False)
    start = image.symbols["direct"].address
    for arguments in ({"stops": {start: lambda *_: None}}, {"trace": True}):
        with pytest.raises(ValueError, match="stepping=True"):
            cpu.run(start, **arguments)  # type: ignore[arg-type]


def test_code_is_written_by_poke_alone(arch: Arch) -> None:
    cpu, image = machine(arch)
    with pytest.raises(ValueError, match="poke"):
        cpu.write(image.symbols["callee"].address, b"\0\0\0\0")
    cpu.write(image.symbols["value"].address, cpu.word(1, 4))
    assert cpu.run(image.symbols["direct"].address).ok
    assert word(cpu, image, "result") == 2


def test_two_images_far_apart(arch: Arch) -> None:
    """The second one lies 8 GB away and is called through a pointer."""
    pie = next(i for i, v in enumerate(arch.variants) if v.pie)
    near = plain(arch, SOURCE, variant=pie)
    away = "int away(int a) { return a + 1000; }"
    far = Image.load(plain(arch, away, variant=pie).path, arch, near.base + (8 << 30))
    cpu = Machine(arch, [near, far], stepping=True)
    target = far.symbols["away"].address
    cpu.write(near.symbols["pointer"].address, cpu.word(target, arch.pointer_size))
    cpu.set_reg(arch.registers.arguments[0], 41)
    seen: list[Arrival] = []
    stops = {target: lambda _, arrival: seen.append(arrival)}
    assert cpu.run(near.symbols["indirect_tail_helper"].address, stops=stops).ok
    assert cpu.reg(arch.registers.returns[0]) == 1041
    assert [a.kind for a in seen] == ["indirect-jump"]
    assert cpu.image_at(target) is far
    assert cpu.describe(target).startswith("away")


def test_permissions_of_a_page_are_those_of_all_in_it() -> None:
    assert list(pages(0x1FFF, 2)) == [0x1000, 0x2000]
    assert list(pages(0x1000, 0x1000)) == [0x1000]
    runs = list(regions({0x1000: 1, 0x2000: 1, 0x3000: 3, 0x8000: 3}))
    assert runs == [(0x1000, 0x2000, 1), (0x3000, 0x1000, 3), (0x8000, 0x1000, 3)]
    assert list(regions({})) == []


def test_free_ranges_avoid_what_is_mapped() -> None:
    size = 0x10000
    first = free_range(size, [])
    second = free_range(size, [(first, size)])
    third = free_range(size, [(first, size), (second, size)])
    places = sorted((first, second, third))
    assert all(b - a > size for a, b in pairwise(places))


def test_spans_hold_all_addresses_and_no_large_gap() -> None:
    assert spans([]) == []
    assert spans([0x2000, 0x1004, 0x1000]) == [(0x1000, 0x1004), (0x2000, 0x2000)]


class Listener:
    """Has something to do at ``loud`` alone, and waits for what comes behind it."""

    def __init__(self, loud: int = 0) -> None:
        self.loud = loud
        self.seen: list[int] = []

    def begin(self, machine: Machine) -> None:
        self.seen = []

    def step(self, address: int, previous: int) -> bool:
        assert previous != address
        self.seen.append(address)
        return address != self.loud


def test_an_instruction_that_is_nothing_to_all_observers_is_told_once(arch: Arch) -> None:
    cpu, image = machine(arch)
    start, callee = image.symbols["direct"].address, image.symbols["callee"].address
    trace = cpu.run(start, trace=True).trace
    one, other = Listener(), Listener(callee)
    cpu.attach(one)
    assert cpu.run(start).ok
    assert one.seen == trace
    cpu.attach(other)
    assert cpu.run(start).ok
    assert other.seen == trace, "the first one cannot promise for the second"
    for _ in range(2):
        assert cpu.run(start, trace=True).trace == trace
        behind = trace[trace.index(callee) + 1]
        assert one.seen == other.seen == [trace[0], callee, behind]


def test_code_that_is_overwritten_is_told_again(arch: Arch) -> None:
    cpu, image = machine(arch)
    start, callee = image.symbols["direct"].address, image.symbols["callee"].address
    listener = Listener()
    cpu.attach(listener)
    for _ in range(2):
        assert cpu.run(start).ok
    assert callee not in listener.seen
    cpu.poke(callee, cpu.read(callee, 4))
    assert cpu.run(start).ok
    assert callee in listener.seen


def test_a_store_that_is_watched_ends_the_quiet(arch: Arch) -> None:
    """The instruction behind it is told, as it is after a store into code."""
    cpu, image = machine(arch)
    start, result = image.symbols["direct"].address, image.symbols["result"].address
    listener = Listener()
    cpu.attach(listener)
    stores: list[tuple[int, int, int]] = []

    def stored(pc: int, address: int, size: int) -> None:
        stores.append((pc, address, size))

    stop = cpu.watch_stores(lambda write: None, {result: 4}, stored)
    trace = cpu.run(start, trace=True).trace
    assert cpu.run(start).ok
    pc = stores[-1][0]
    assert stores == 2 * [(pc, result, 4)]
    assert listener.seen == [trace[0], trace[trace.index(pc) + 1]]
    stop()
    assert cpu.run(start).ok
    assert listener.seen == trace[:1]


def test_registers_are_read_as_unicorn_reads_them(arch: Arch) -> None:
    """General ones directly, vectors by its public functions."""
    cpu = Machine(arch, stepping=False)
    row = arch.registers
    names = [*row.arguments, row.sp, row.pc]
    vectors = [n for n in row.scratch if n not in (*names, *row.returns)][-1:]
    for number, name in enumerate((*row.arguments, *vectors)):
        cpu.set_reg(name, 0x1234_5678_0000_0000 + number)
    values = cpu.regs(names)
    assert values == tuple(cpu._uc.reg_read_batch([cpu._numbers[n] for n in names]))
    assert values == tuple(map(cpu.reg, names))
    assert values[1] == 0x1234_5678_0000_0001
    assert cpu.regs([*vectors, row.sp]) == (*map(cpu.reg, vectors), cpu.sp)
    with pytest.raises(KeyError, match="the emulator has no register"):
        cpu.reg("NONE")


def test_another_unicorn_is_asked_by_its_public_functions(
    arch: Arch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registers, "_PRIVATE", ("_no_such_function",))
    monkeypatch.setattr(hooks, "_ADD", "_no_such_function")
    cpu, image = machine(arch)
    assert type(cpu._registers.one(arch.registers.sp)) is registers.Register
    outcome = cpu.run(image.symbols["direct"].address, trace=True)
    assert outcome.ok and outcome.trace
    assert word(cpu, image, "result") == 42
    assert len(cpu.regs(arch.registers.arguments)) == len(arch.registers.arguments)


def test_an_error_in_a_handler_is_the_callers(arch: Arch) -> None:
    """Whether it runs inside of a hook or outside, and the machine goes on afterwards."""
    cpu, image = machine(arch)
    start, value = image.symbols["direct"].address, image.symbols["value"].address

    def broken(*arguments: object) -> None:
        raise LookupError("broken handler")

    with pytest.raises(LookupError, match="broken handler"):
        cpu.run(start, stops={image.symbols["callee"].address: broken})
    with pytest.raises(LookupError, match="broken handler"):
        cpu.run(start, reads=[ReadWatch(value, 4, broken)])
    assert cpu.run(start).ok


def test_stores_of_the_guest_into_code_are_recorded_and_seen(arch: Arch) -> None:
    source = """
    volatile int v; __attribute__((noinline)) int callee(void) { return v; }
    unsigned code; volatile int result;
    void patch(void) { *(volatile unsigned *)(void *)callee = code; }
    void again(void) { result = ((int (*volatile)(void))callee)(); }
    """
    cpu, image = machine(arch, source=source)
    callee = image.symbols["callee"].address
    snippets = arch.emulation.snippets
    cpu.poke(callee, snippets["one"].code + snippets["return"].code)
    assert cpu.run(image.symbols["again"].address).ok
    assert word(cpu, image, "result") == 1
    assert cpu.code_writes == []
    cpu.write(image.symbols["code"].address, snippets["two"].code[:4])
    assert cpu.run(image.symbols["patch"].address).ok
    assert cpu.run(image.symbols["again"].address).ok
    assert word(cpu, image, "result") == 2
    assert [(w.address, w.size) for w in cpu.code_writes] == [(callee, 4)]
    found = image.symbol_at(cpu.code_writes[0].pc)
    assert found is not None and found[0].name == "patch"
