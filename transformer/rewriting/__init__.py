"""The outer layer behind ``transformer.rewrite``: compiler runs around the pure stages."""

from transformer.rewriting.defined import defined
from transformer.rewriting.result import RewriteResult, Site
from transformer.rewriting.run import read_once, rewrite

__all__ = ["RewriteResult", "Site", "defined", "read_once", "rewrite"]
