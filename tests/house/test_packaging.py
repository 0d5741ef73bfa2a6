"""What pip installs: the package, its types and the templates, wherever from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("transformer", "templates", "pyproject.toml", "README.md", "LICENSE")


def run(*argv: object, cwd: Path, **env: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "SC_TEMPLATES")}
    done = subprocess.run(
        [str(a) for a in argv], cwd=cwd, env=environment | env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a clone holds of the package, under a path with a space."""
    folder = tmp_path_factory.mktemp("a clone")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignore)
        else:
            shutil.copy(source, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by the back end that pyproject.toml names, in this environment."""
    output = tmp_path_factory.mktemp("wheel")
    build = f"from hatchling.build import build_wheel; print(build_wheel({str(output)!r}))"
    name = run(sys.executable, "-c", build, cwd=clone).split()[-1]
    return output / name


def test_the_wheel_holds_the_package_its_types_and_the_templates(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in [p for p in ROOT.joinpath("templates").rglob("*") if p.is_file()]:
        assert f"transformer/{path.relative_to(ROOT)}" in names
    for path in [p for p in ROOT.joinpath("transformer/integration").rglob("*") if p.is_file()]:
        assert str(path.relative_to(ROOT)) in names
    assert {"transformer/py.typed", "transformer/cli/main.py"} <= names
    assert "transformer/diagnostics/explanations.toml" in names
    assert not [n for n in names if n.startswith(("tests/", "corpus/", "templates/"))]
    assert not [n for n in names if "__pycache__" in n or n.endswith((".pyc", ".orig"))]
    assert any(n.endswith("licenses/LICENSE") for n in names)


def test_the_wheel_says_what_it_needs(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    meta = next(n for n in archive.namelist() if n.endswith("/METADATA"))
    text = archive.read(meta).decode()
    needed = [r for r in text.splitlines() if r.startswith("Requires-Dist")]
    assert sorted(r.split()[1].split(">")[0] for r in needed if "extra" not in r) == [
        "jinja2",
        "pycparser",
        "pyelftools",
    ]
    assert "Requires-Python: >=3.11" in text
    entry = next(n for n in archive.namelist() if n.endswith("/entry_points.txt"))
    assert b"sc-transform-cli = transformer.cli.main:main" in archive.read(entry)


def test_the_wheel_brings_the_start_script_as_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    script = next(i for i in archive.infolist() if i.filename.endswith("/scripts/sc-transform"))
    assert archive.read(script) == (ROOT / "transformer/launcher/sc-transform").read_bytes()
    assert script.external_attr >> 16 & 0o111 == 0o111


WHERE = "from transformer.arch import names, templates_dir; print(templates_dir()); print(*names())"


def test_the_templates_are_found_from_a_wheel(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "site packages"
    zipfile.ZipFile(wheel).extractall(installed)
    told = run(sys.executable, "-c", WHERE, cwd=tmp_path, PYTHONPATH=str(installed))
    folder, names = told.splitlines()
    assert folder == str(installed / "transformer" / "templates")
    assert names.split() == sorted(p.parent.name for p in ROOT.glob("templates/*/arch.toml"))


def test_the_templates_are_found_from_a_plain_clone(clone: Path) -> None:
    told = run(sys.executable, "-c", WHERE, cwd=clone)
    assert told.splitlines()[0] == str(clone / "templates")


def test_the_headers_render_from_a_wheel(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "from transformer.cli.main import main; main(['config', '--cflags'])"
    environment = {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    told = run(sys.executable, "-c", code, cwd=tmp_path, **environment)
    include = Path(told.strip().strip("'").removeprefix("-I"))
    assert (include / "sc" / "static_call.h").is_file()
