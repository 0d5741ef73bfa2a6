"""The outer layer behind ``transformer.rewrite``: compiler runs around the pure stages."""

from transformer.rewriting.defined import defined
from transformer.rewriting.result import RewriteResult, Site
from transformer.rewriting.run import rewrite

__all__ = ["RewriteResult", "Site", "defined", "rewrite"]
