"""The house's rules: who may import whom, what is said where, what stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "transformer"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "templates" not in p.parts)

LEAVES = {"configuration", "diagnostics", "extras", "lazy", "places", "quick", "scratch"}
EMULATION = {"unicorn", "elftools", "capstone"}

# Who may import which parts of the project, and which packages from outside.
# DESIGN, chapter 5: the stages do not call each other, the outer layers do.
MAY = {
    "configuration": (set(), set()),
    "diagnostics": (set(), set()),
    "extras": (set(), set()),
    "lazy": (set(), set()),
    "places": (set(), set()),
    "quick": (set(), set()),
    "scratch": (set(), set()),
    "arch": (set(), set()),
    "frontend": (set(), {"pycparser"}),
    "lowering": ({"frontend", "arch"}, {"jinja2"}),
    "runtime": ({"arch"}, {"jinja2"}),
    "toolchain": ({"arch"}, set()),
    "assembly": ({"arch"}, set()),
    "assembling": ({"arch", "assembly", "toolchain"}, {"elftools"}),
    "rewriting": ({"arch", "frontend", "lowering", "runtime", "toolchain"}, set()),
    "launcher": ({"arch", "assembling", "rewriting", "runtime", "toolchain"}, {"elftools"}),
    "emulator": ({"arch"}, EMULATION),
    "report": ({"corpus"}, {"rich", "jinja2", "markupsafe"}),
}
PARTS = (set(MAY) | {"corpus"}) - LEAVES
NOT_CORPUS = {"cli", "report"}
PROVERS = {"emulator", "corpus", "report"}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, *, top_only: bool = False) -> set[str]:
    """Dotted names of all that a module imports, typing-only imports aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide who is meant"
            assert node.module
            found.add(node.module)
            found |= {f"{node.module}.{a.name}" for a in node.names if node.module == "transformer"}
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo += node.orelse
        elif not (top_only and isinstance(node, ast.FunctionDef)):
            todo += ast.iter_child_nodes(node)
    return found


def own_parts(path: Path) -> set[str]:
    return {n.split(".")[1] for n in imports(path) if n.startswith("transformer.")} & (
        PARTS | LEAVES | {"cli"}
    )


def outside(path: Path) -> set[str]:
    """Packages from PyPI that a module imports."""
    names = {n.split(".")[0] for n in imports(path)}
    return names - set(sys.stdlib_module_names) - {"transformer"}


def identifier(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def test_every_part_has_its_rule() -> None:
    folders = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").exists()}
    assert folders <= set(MAY) | {"corpus", "cli"}


@pytest.mark.parametrize("path", MODULES, ids=identifier)
def test_imports_follow_the_house(path: Path) -> None:
    part = part_of(path)
    if part in MAY:
        own, packages = MAY[part]
        assert own_parts(path) - {part} <= own | LEAVES
        assert outside(path) <= packages
    elif part == "corpus":
        assert not own_parts(path) & NOT_CORPUS


def test_reports_know_only_the_types_of_results() -> None:
    for path in PACKAGE.glob("report/**/*.py"):
        used = {n for n in imports(path) if n.startswith("transformer.corpus")}
        assert used <= {"transformer.corpus.results"}, path


def test_nothing_that_transforms_can_reach_the_emulator() -> None:
    for path in MODULES:
        if part_of(path) not in PROVERS | {"cli"}:
            assert not own_parts(path) & PROVERS, path


def test_the_check_of_imports_sees_imports(tmp_path: Path) -> None:
    """The negative control."""
    module = tmp_path / "m.py"
    module.write_text(
        "def f():\n    from transformer.emulator import Image\n    from transformer import corpus\n"
        "if TYPE_CHECKING:\n    from transformer.report import x\n"
    )
    assert own_parts(module) == {"emulator", "corpus"}
    assert imports(module, top_only=True) == set()


# --- what an arch is belongs under templates/ ---

ARCH_NAME = re.compile(
    r"\b(x86(_64)?|i386|amd64|arm(64|32|hf)?|aarch64|thumb2?|riscv(32|64)?|powerpc|ppc(32|64)?(le)?"
    r"|s390x?|mips(64)?(el)?|loongarch(64)?|sparc(64)?|m68k)\b",
    re.IGNORECASE,
)


def spoken(source: str) -> list[str]:
    """Names and strings of a module; comments and docstrings are prose."""
    tree = ast.parse(source)
    prose = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            prose.add(id(node.value))
    words = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            if id(node) not in prose:
                words.append(str(node.value))
        elif isinstance(node, ast.Name):
            words.append(node.id)
        elif isinstance(node, ast.Attribute):
            words.append(node.attr)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            words.append(node.name)
    return words


@pytest.mark.parametrize("path", MODULES, ids=identifier)
def test_no_code_names_an_arch(path: Path) -> None:
    named = [w for w in spoken(path.read_text(encoding="utf-8")) if ARCH_NAME.search(w)]
    assert named == []


def test_the_check_of_arch_names_sees_them() -> None:
    source = '"""Prose on arm64."""\nif name == "riscv64":  # x86_64\n    s390x()\n'
    assert [w for w in spoken(source) if ARCH_NAME.search(w)] == ["riscv64", "s390x"]


# --- what stays light ---

HEAVY = ["pycparser", "jinja2", "rich", "dataclasses", "tomllib", *sorted(EMULATION)]


def loaded_by(code: str) -> set[str]:
    """Modules that a fresh interpreter holds after ``code``."""
    program = f"import sys\n{code}\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_version_is_told_without_loading_anything() -> None:
    loaded = loaded_by("from transformer.cli.main import main\nmain(['--version'])")
    assert not loaded & set(HEAVY)


def test_importing_the_package_costs_nothing() -> None:
    loaded = loaded_by("import transformer")
    own = {n for n in loaded if n.startswith("transformer")}
    assert own == {"transformer"}
    assert not loaded & set(HEAVY)


def test_the_toolchain_never_imports_the_wheel_that_it_runs() -> None:
    loaded = loaded_by(
        "from transformer import arch, toolchain\ntoolchain.available(arch.load(arch.names()[0]))"
    )
    assert not loaded & {"ziglang", *EMULATION, "jinja2", "pycparser"}


def test_the_launcher_spells_the_names_that_it_does_not_import() -> None:
    from transformer.arch.modes import MODES
    from transformer.assembly.table import PROFILES
    from transformer.launcher.settings import CHOICES

    assert (CHOICES["mode"], CHOICES["profile"]) == (MODES, tuple(PROFILES))


# --- promises of the project file ---


def project() -> dict[str, object]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])


def test_an_ordinary_installation_is_light() -> None:
    needed = project()["dependencies"]
    assert isinstance(needed, list)
    assert {re.split(r"[<>=~! ]", d)[0] for d in needed} == {"pycparser", "jinja2", "pyelftools"}


def test_modules_are_of_a_size_that_is_read_in_one_go() -> None:
    long = {identifier(p): n for p in MODULES if (n := len(p.read_text().splitlines())) > 400}
    assert long == {}


def test_nothing_is_left_open() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert [identifier(p) for p in MODULES if marks.search(p.read_text(encoding="utf-8"))] == []
