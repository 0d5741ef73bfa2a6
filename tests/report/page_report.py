"""A made-up run for the tests of the page: two cases, two arches, four builds, two mistakes."""

from __future__ import annotations

from transformer.corpus.results import (
    CaseResult,
    Failure,
    Line,
    Place,
    Schedule,
    State,
    Step,
    VerifyReport,
)

SITE = "story+0x1b (clock.c:34)"
HOSTILE = '<script>alert("1")</script> & <b>bold</b>'


def place(where: str = SITE, key: str = "tick", address: int = 0x401020) -> Place:
    def state(when: str, code: str, to: str) -> State:
        return State((when,), (Line(0, code, f"call <{to}>"),))

    states = (
        state("as linked", "e8 c8 37 00 00", f"__SCT__{key}"),
        state("started", "e8 a0 ff ff ff", "slow"),
        state(f"step 2: update {key} = fast", "e8 b0 ff ff ff", "fast"),
    )
    after = (Line(5, "41 89 c6", "mov r14d, eax"),)
    return Place("call site", key, where, address, f"return static_call({key})(1);", states, after)


def schedule() -> Schedule:
    """A tail is written before its head, by two stores, and the other CPU falls between them."""
    head, tail = 0x401020, 0x401022
    return Schedule(
        update="update tick = fast",
        reader=f"call site {SITE}",
        steps=(
            Step(0, "start", 0x402000, "__static_call_update", "update tick = fast"),
            Step(0, "data", 0x404010, "__SCK__tick", "slow -> fast"),
            Step(0, "publish", 0x402010, "sc_publish", "what is before comes before what is after"),
            Step(1, "start", head, SITE, "arguments 1"),
            Step(0, "store", tail, SITE, "e8 a0 ff ff ff -> e8 a0 00 00 00"),
            Step(0, "store", head, SITE, "e8 a0 00 00 00 -> e8 b0 00 00 00"),
            Step(1, "fetch", head, SITE, "call 0x4010c5", "the value before store 3"),
            Step(1, "trap", 0x4010C5, "0x4010c5", "nothing is mapped there"),
        ),
        outcome="torn displacement: it called 0x4010c5, neither slow nor fast",
        code=("before:        e8 a0 ff ff ff  call slow", "after store 2: e8 a0 00 00 00  call ?"),
    )


def result(case: str, arch: str, mode: str, compiler: str = "gcc") -> CaseResult:
    made = CaseResult(case, arch, mode, compiler, "plain-O2", level="-O2")
    made.sites_total = made.sites_executed = 3
    made.count("dispatch", 1200)
    made.add("schedules", 4000)
    made.places = [place(), place("other+0x4 (clock.c:40)", address=0x401100)]
    return made


def report() -> VerifyReport:
    """Of the four builds of ``clock`` one fails; ``logger`` has one that fails otherwise."""
    results = [result(c, a, m) for c in ("clock", "logger") for a in "AB" for m in ("slot", "unit")]
    message = "a CPU that fetched a mix of old and new bytes called a third target"
    torn = Failure("fetch", message, SITE, "slow or fast", "0x4010c5", schedule=schedule())
    results[3].fail(torn)
    results[4].fail(Failure("dispatch", HOSTILE, "log.c:10:9", "quiet(1)", "loud(1)"))
    made = VerifyReport(results, [CaseResult("emulator self-test", "A", "-", "-", "-")], 12.3)
    results[1].unexecuted.append("clock.c:50:3 key tick")
    made.titles = {"clock": "A clock's source is exchanged"}
    return made
