"""Published outcomes of instruction-fetch litmus tests, in this project's own words.

Facts alone are carried: a test's name, its shape, and whether what it asks for is allowed.

``ARM``: herdtools7, ``catalogue/aarch64-ifetch/tests/kinds.txt``, the section for DIC=0 and IDC=0,
which is the weakest.  ``RISCV``: rems-project/litmus-tests-riscv-ifetch, ``README.md``, the column
"Ziccif-only".

A program is a list of what one CPU does. The writer: ``x=1``, ``y=1`` store to units of code,
``d=1`` to data; ``barrier`` orders a store to data before one to code, ``maintain`` is the arch's
whole cache maintenance, ``sync`` tells the other CPUs to fetch anew, once they are known to have.
The reader: ``fetch x``, ``load d``, ``fetch x, load d`` for an instruction that loads itself;
``told`` in front: it begins when the writer has finished, and has told it so by data.
"""

from __future__ import annotations

from dataclasses import dataclass

ARM = "herdtools7 aarch64-ifetch"
RISCV = "litmus-tests-riscv-ifetch"
ALLOWED, FORBIDDEN = "allowed", "forbidden"
#: Why the model allows what an arch forbids: it may see more, never less.
MAINTENANCE = "maintenance by itself bounds nothing in the model: only `sync` does"
ITSELF = "the model orders no fetch with the loads of the instruction that was fetched"


@dataclass(frozen=True)
class Outcome:
    """``seen`` are the values that the test asks for, in the order of the readers' accesses.

    ``weaker`` says why the model allows it although it is forbidden; ``refused``
    is in the message with which the order of the update's steps is found wrong.
    """

    name: str
    source: str
    published: str
    writer: tuple[str, ...]
    readers: tuple[tuple[str, ...], ...]
    seen: tuple[int, ...]
    weaker: str = ""
    refused: str = ""


FULL = ("maintain",)
TOLD = ("told", "fetch x")

OUTCOMES = (
    # one unit, one reader
    Outcome("coFF", ARM, ALLOWED, ("x=1",), (("fetch x", "fetch x"),), (1, 0)),
    Outcome(
        "coFF+cachesync",
        ARM,
        FORBIDDEN,
        ("x=1", *FULL, "x=2"),
        (("fetch x", "fetch x"),),
        (2, 0),
        weaker=MAINTENANCE,
    ),
    # two units
    Outcome(
        "MP.FF+dmb.st+po",
        ARM,
        ALLOWED,
        ("x=1", "barrier", "y=1"),
        (("fetch y", "fetch x"),),
        (1, 0),
    ),
    Outcome(
        "MP.FF+dsb.ish+po",
        ARM,
        ALLOWED,
        ("x=1", "barrier", "y=1"),
        (("fetch y", "fetch x"),),
        (1, 0),
    ),
    Outcome(
        "MP.FF+dc.cvau-dsb.ish-ic.ivau-dsb.ish+po",
        ARM,
        FORBIDDEN,
        ("x=1", *FULL, "y=1"),
        (("fetch y", "fetch x"),),
        (1, 0),
        weaker=MAINTENANCE,
    ),
    # data, then code
    Outcome(
        "MP.FR+dmb.st+po",
        ARM,
        FORBIDDEN,
        ("d=1", "barrier", "x=1"),
        (("fetch x", "load d"),),
        (1, 0),
    ),
    Outcome(
        "MP.FR+dsb.ish+po",
        ARM,
        FORBIDDEN,
        ("d=1", "barrier", "x=1"),
        (("fetch x", "load d"),),
        (1, 0),
    ),
    # code, then the news of it
    Outcome("MP.RF+cachesync+ctrlisb", ARM, FORBIDDEN, ("x=1", *FULL, "sync"), (TOLD,), (0,)),
    Outcome("MP.RF+cachesync+dsb-isb", ARM, FORBIDDEN, ("x=1", *FULL, "sync"), (TOLD,), (0,)),
    Outcome("MP.RF+dc-dsb-ic-dsb+ctrlisb", ARM, FORBIDDEN, ("x=1", *FULL, "sync"), (TOLD,), (0,)),
    Outcome("MP.RF+cachesync+switch-ctrl", ARM, ALLOWED, ("x=1", *FULL), (TOLD,), (0,)),
    Outcome("MP.RF+dc-dsb-ic-dsb+addr-1", ARM, ALLOWED, ("x=1", *FULL), (TOLD,), (0,)),
    Outcome(
        "MP.RF+dmb.st+ctrlisb",
        ARM,
        ALLOWED,
        ("x=1", "barrier", "sync"),
        (TOLD,),
        (0,),
        refused="dc cvau",
    ),
    Outcome(
        "MP.RF+dmb.st+dsb.ish-isb",
        ARM,
        ALLOWED,
        ("x=1", "barrier", "sync"),
        (TOLD,),
        (0,),
        refused="dc cvau",
    ),
    Outcome(
        "MP.RF+dsb-ic-dsb+ctrlisb",
        ARM,
        ALLOWED,
        ("x=1", "maintain dsb ish, ic ivau, dsb ish", "sync"),
        (TOLD,),
        (0,),
        refused="dc cvau",
    ),
    # the CPU that stores runs it itself
    Outcome("SM.B+cachesync-isb", ARM, FORBIDDEN, ("x=1", *FULL, "sync"), (TOLD,), (0,)),
    Outcome(
        "SM.B+dc.cvau-dsb.ish-ic.vau-dsb.ish",
        ARM,
        FORBIDDEN,
        ("x=1", *FULL),
        (TOLD,),
        (0,),
        weaker=MAINTENANCE,
    ),
    Outcome("SM.B+isb", ARM, ALLOWED, ("x=1", "sync"), (TOLD,), (0,), refused="dc cvau"),
    Outcome(
        "SM.B+dsb.ish-isb",
        ARM,
        ALLOWED,
        ("x=1", "barrier", "sync"),
        (TOLD,),
        (0,),
        refused="dc cvau",
    ),
    Outcome(
        "SM.B+dc.cvau-dsb.ish-isb",
        ARM,
        ALLOWED,
        ("x=1", "maintain dc cvau, dsb ish", "sync"),
        (TOLD,),
        (0,),
        refused="ic ivau",
    ),
    Outcome(
        "SM.B+dsb.ish-ic.ivau-dsb.ish-isb",
        ARM,
        ALLOWED,
        ("x=1", "maintain dsb ish, ic ivau, dsb ish", "sync"),
        (TOLD,),
        (0,),
        refused="dc cvau",
    ),
    # a reader tells another one
    Outcome("WRC-inst", ARM, ALLOWED, ("x=1",), (("fetch x",), ("fetch x",)), (1, 0)),
    Outcome("WRC-inst+dsb.ish", ARM, ALLOWED, ("x=1",), (("fetch x",), ("fetch x",)), (1, 0)),
    Outcome("WRC-inst+ctrlisb", ARM, ALLOWED, ("x=1",), (("fetch x",), ("fetch x",)), (1, 0)),
    Outcome(
        "WRC-inst+cachesync+ctrlisb",
        ARM,
        ALLOWED,
        ("x=1", *FULL),
        (("fetch x",), ("fetch x",)),
        (1, 0),
    ),
    # RISC-V: nothing but a hart's own fence.i behind an access to data orders fetches
    Outcome("CoFF", RISCV, ALLOWED, ("x=1",), (("fetch x", "fetch x"),), (1, 0)),
    Outcome("MP.FF+jump", RISCV, ALLOWED, ("x=1", "y=1"), (("fetch y", "fetch x"),), (1, 0)),
    Outcome("MP.FR+fence.w.w+po", RISCV, ALLOWED, ("d=1", "x=1"), (("fetch x", "load d"),), (1, 0)),
    Outcome(
        "MP.F+fence.w.w+patched-load",
        RISCV,
        FORBIDDEN,
        ("d=1", "x=1"),
        (("fetch x, load d",),),
        (1, 0),
        weaker=ITSELF,
    ),
    Outcome("MP.RF+fencei-fence.w.w+fence.r.r", RISCV, ALLOWED, ("x=1", *FULL), (TOLD,), (0,)),
    Outcome("MP.RF+fence.w.w+ctrl-jr", RISCV, ALLOWED, ("x=1",), (TOLD,), (0,)),
    Outcome(
        "ISA2.F+fence.w.w+fence.r.w+fencei", RISCV, FORBIDDEN, ("x=1", *FULL, "sync"), (TOLD,), (0,)
    ),
    Outcome("WRC.F.RF+po+fencei", RISCV, ALLOWED, ("x=1",), (("fetch x",), ("fetch x",)), (1, 0)),
)

#: By what ``sc-transform litmus`` writes, the published test of the same shape.
SAME_SHAPE = {
    "sc-slot": "MP.FR+dsb.ish+po",
    "sc-returned": "MP.RF+cachesync+ctrlisb",
    "sc-returned-uncleaned": "MP.RF+dmb.st+ctrlisb",
    "sc-returned-untold": "MP.RF+cachesync+switch-ctrl",
    "sc-own-cpu": "SM.B+cachesync-isb",
    "sc-old-again": "coFF",
    "sc-two-units": "MP.FF+dc.cvau-dsb.ish-ic.ivau-dsb.ish+po",
}
