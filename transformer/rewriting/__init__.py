"""The outer layer behind ``transformer.rewrite``: compiler runs around the pure stages."""

from transformer.rewriting.defined import defined
from transformer.rewriting.result import RewriteResult, Site
from transformer.rewriting.run import preprocessed_once, rewrite

__all__ = ["RewriteResult", "Site", "defined", "preprocessed_once", "rewrite"]
