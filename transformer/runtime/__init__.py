"""The C side: headers and runtime, rendered from ``templates/``."""

from transformer.runtime.render import (
    cache_dir,
    header_dir,
    render_headers,
    render_runtime,
    render_template,
    runtime_source,
)

__all__ = [
    "cache_dir",
    "header_dir",
    "render_headers",
    "render_runtime",
    "render_template",
    "runtime_source",
]
