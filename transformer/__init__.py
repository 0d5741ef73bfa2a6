"""sc-transform: patched static calls and static keys for any C program.

Build scripts use two functions, which are imported when they are first named:

* ``rewrite(text, path=…, arch=…, mode=…)`` replaces the idioms of a C file;
* ``verify(paths, …)`` proves in an emulator that the result dispatches right.
"""

TYPE_CHECKING = False  # as in typing, which the compiler launcher cannot wait for
if TYPE_CHECKING:
    from typing import Any

    from transformer.corpus import verify
    from transformer.rewriting import RewriteResult, rewrite

__version__ = "0.1.0"
__all__ = ["RewriteResult", "__version__", "rewrite", "verify"]

_HOMES = {
    "RewriteResult": "transformer.rewriting",
    "rewrite": "transformer.rewriting",
    "verify": "transformer.corpus",
}


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if name == "verify":
        import_module("transformer.extras").need_verify("transformer.verify")
    return getattr(import_module(_HOMES[name]), name)
