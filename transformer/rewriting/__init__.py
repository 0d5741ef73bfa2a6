"""The outer layer behind ``transformer.rewrite``: compiler runs around the pure stages."""

from typing import TYPE_CHECKING

from transformer.lazy import names

if TYPE_CHECKING:
    from transformer.rewriting.chosen import defined
    from transformer.rewriting.result import RewriteResult, Site
    from transformer.rewriting.run import read_once, rewrite

__all__ = ["RewriteResult", "Site", "defined", "read_once", "rewrite"]

if not TYPE_CHECKING:  # mypy would take any name
    __getattr__ = names(
        __name__,
        {"chosen": "defined", "result": "RewriteResult Site", "run": "read_once rewrite"},
    )
