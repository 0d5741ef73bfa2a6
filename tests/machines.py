"""Programs in the emulator, as the tests of several folders start them."""

from __future__ import annotations

from transformer.emulator import Image, Machine


def construct(machine: Machine, image: Image) -> None:
    for constructor in image.init_array:
        assert machine.run(constructor).ok
