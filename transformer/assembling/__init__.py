"""Builds objects by way of annotated assembly, and checks what came out."""

from transformer.assembling.build import Built, build_object
from transformer.assembling.check import check_object, notes

__all__ = ["Built", "build_object", "check_object", "notes"]
