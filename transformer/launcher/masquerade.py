"""A link of a compiler's name to sc-transform stands for the next program of that name."""

from transformer.launcher import light as os
from transformer.launcher.settings import Wrong

INSIDE = "SC_TRANSFORM_INSIDE"
SCRIPT = "sc-transform"


def program_behind(program: str) -> str:
    """The next program on PATH that has the link's name and is not the launcher itself.

    Where a compiler cache of the same name led back to the link, those that the
    launcher ran already are passed over.
    """
    from os.path import realpath

    folder, _, name = program.rpartition("/")
    folders = os.environ.get("PATH", os.defpath).split(":")
    if folder in folders:
        folders = folders[folders.index(folder) + 1 :] + folders[: folders.index(folder)]
    done = os.environ.get(INSIDE, "").split(":")
    for candidate in [f"{f or '.'}/{name}" for f in folders]:
        if candidate in done or not os.access(candidate, os.X_OK) or os.path.isdir(candidate):
            continue
        if realpath(candidate).rpartition("/")[2] != SCRIPT:
            return candidate
    raise Wrong(f"no program called '{name}' is behind this one on PATH")


def inside(program: str) -> bool:
    """Whether the launcher runs already, around this; notes what it runs, if not."""
    done = os.environ.get(INSIDE)
    os.setenv(INSIDE, f"{done}:{program}" if done else program)
    return bool(done)
