"""Function types printed back as C, and whether registers can pass what they take."""

from __future__ import annotations

import copy
import re

from pycparser import c_ast
from pycparser.c_generator import CGenerator

from transformer.frontend.c_types import Type, Types
from transformer.frontend.idioms import Prototype

_SPELLED = re.compile(r"\b(?:typeof|restrict)\b")
_VA_LIST = re.compile(r"\b__builtin_va_list\b")
_VECTOR = re.compile(r"\b_*(?:vector_size|ext_vector_type|neon_vector_type)_*\b|\b__vector\b")
_AGGREGATES = {c_ast.Struct: "a struct", c_ast.Union: "a union"}
_DEPTH = 32


class Refused(Exception):
    """Why a call by registers alone is impossible."""


def prototype(types: Types, operand: str, most: int) -> Prototype:
    """The type of a key's functions, of which ``most`` arguments fit in registers."""
    function = types.function(operand)
    if function is None:
        return Prototype(refused=f"the type of '{operand}' cannot be read")
    try:
        return _Printer(types).prototype(function, most)
    except Refused as e:
        return Prototype(refused=str(e))


class _Printer:
    def __init__(self, types: Types) -> None:
        self.types = types

    def prototype(self, function: c_ast.FuncDecl, most: int) -> Prototype:
        params = self._parameters(function)
        if len(params) > most:
            raise Refused(f"{len(params)} arguments are more than the {most} that registers pass")
        returns = self._returns(function.type)
        names = {n for p in params if (n := getattr(p, "name", None))}
        void = self.types.returns(function) == "void"
        return Prototype(
            returns, void, tuple(self._parameter(p, i, names) for i, p in enumerate(params, 1))
        )

    def _parameters(self, function: c_ast.FuncDecl) -> list[c_ast.Node]:
        params = list(function.args.params) if function.args else []
        if not params or any(isinstance(p, c_ast.ID) for p in params):
            raise Refused("its functions have no prototype")
        if isinstance(params[-1], c_ast.EllipsisParam):
            raise Refused("its functions are variadic")
        if len(params) == 1 and self.types.kind(self.types.resolve(params[0])) == "void":
            return []
        return params

    def _parameter(self, node: c_ast.Node, number: int, names: set[str]) -> str:
        what = f"parameter {number}"
        kind = copy.deepcopy(node.type)
        if isinstance(kind, c_ast.ArrayDecl):
            kind = c_ast.PtrDecl([q for q in kind.dim_quals or () if q != "static"], kind.type)
        elif isinstance(kind, c_ast.FuncDecl):
            kind = c_ast.PtrDecl([], kind)
        elif isinstance(kind, c_ast.TypeDecl):
            self._fits(what, kind)
        finder = _Finder(names)
        finder.visit(kind)
        if finder.reason:
            raise Refused(f"{what} {finder.reason}")
        _rename(kind, f"__sc_{number}")
        return _text(CGenerator()._generate_type(kind))

    def _returns(self, node: c_ast.Node) -> str:
        kind = copy.deepcopy(node)
        plain = isinstance(kind, c_ast.TypeDecl)
        if plain and self.types.kind(self.types.resolve(kind)) != "void":
            self._fits("the result", kind)
        finder = _Finder(set())
        finder.visit(kind)
        if finder.reason:
            raise Refused(f"the result {finder.reason}")
        if isinstance(kind, c_ast.FuncDecl | c_ast.ArrayDecl):
            raise Refused("the result is no value")
        kind.quals = []  # of a value, they mean nothing
        text = _text(CGenerator()._generate_type(kind, emit_declname=False))
        return text if plain or _is_simple(kind) else f"__typeof__({text})"

    def _fits(self, what: str, node: c_ast.TypeDecl) -> None:
        """What the compiler knows better is left to it."""
        if self._is_declared_with(_VA_LIST, node):
            raise Refused(f"{what} is a va_list")
        if self._is_declared_with(_VECTOR, node):
            raise Refused(f"{what} is a vector")
        resolved = self.types.resolve(node)
        inner = resolved.type if isinstance(resolved, c_ast.TypeDecl) else None
        for kind, said in _AGGREGATES.items():
            if isinstance(inner, kind):
                raise Refused(f"{what} is {said}")
        if self.types.kind(resolved) == "other" and isinstance(inner, c_ast.IdentifierType):
            name = " ".join(inner.names)
            wide = "wider than a register" if "__int128" in name else "a floating value"
            raise Refused(f"{what} is {wide} ('{name}')")

    def _is_declared_with(self, words: re.Pattern[str], node: Type | None) -> bool:
        """Whether one of the type's typedefs says something that its tree does not tell."""
        declarations = self.types.declarations
        for _ in range(_DEPTH):
            inner = node.type if isinstance(node, c_ast.TypeDecl) else None
            if not isinstance(inner, c_ast.IdentifierType):
                return False
            name = inner.names[0]
            found = declarations.lookup(name) if name in declarations.typedefs else None
            if found is None or not isinstance(found.node, c_ast.Typedef):
                return False
            if words.search(declarations.text, found.chunk.start, found.chunk.end):
                return True
            node = found.node.type
        return False


class _Finder(c_ast.NodeVisitor):  # type: ignore[misc]
    """What no printed type can name; leaves only the names of types that have one."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.reason = ""

    def visit_Struct(self, node: c_ast.Node) -> None:
        self._tagged(node, "decls")

    visit_Union = visit_Struct

    def visit_Enum(self, node: c_ast.Enum) -> None:
        self._tagged(node, "values")

    def _tagged(self, node: c_ast.Node, body: str) -> None:
        if not node.name:
            self.reason = "has a type without a name"
        setattr(node, body, None)

    def visit_ID(self, node: c_ast.ID) -> None:
        if node.name in self.names:
            self.reason = f"has a type that depends on '{node.name}'"


def _rename(node: c_ast.Node, name: str) -> None:
    while not isinstance(node, c_ast.TypeDecl):
        node = node.type
    node.declname = name


def _is_simple(node: c_ast.Node) -> bool:
    """Whether a name may follow the type: pointers only, no function and no array."""
    while isinstance(node, c_ast.PtrDecl):
        node = node.type
    return isinstance(node, c_ast.TypeDecl)


def _text(printed: str) -> str:
    """On one line, in words that every standard has."""
    text = " ".join(printed.split())
    return _SPELLED.sub(lambda m: "__typeof__" if m[0] == "typeof" else "__restrict", text)
