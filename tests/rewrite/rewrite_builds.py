"""What the tests of `rewrite` share: each family of compilers that this machine has for an arch."""

from __future__ import annotations

from collections.abc import Callable

import transformer
from transformer.arch import load, names
from transformer.toolchain import available

BUILDS = [(arch, cc) for arch in names() for cc in available(load(arch))]
Rewrite = Callable[..., transformer.RewriteResult]
