"""Compiler's assembly to the same with its static call sites annotated: text in, text out."""

from transformer.assembly.annotate import annotate
from transformer.assembly.model import Annotated, Place, Reference, Site

__all__ = ["Annotated", "Place", "Reference", "Site", "annotate"]
