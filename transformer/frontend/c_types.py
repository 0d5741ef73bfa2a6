"""Types of the few expressions that matter: targets of keys, bases of operands.

The tool is no type checker; where it cannot tell, it says so and the compiler
decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from pycparser import c_ast

from transformer.frontend.declarations import BASIC, Declarations
from transformer.frontend.gnu import Unparsable, parse
from transformer.frontend.idioms import Signature
from transformer.frontend.lexing import Token, tokens

Type: TypeAlias = c_ast.Node
#: how a local name is looked up: its type, or None where it is not local
Locals = Callable[[str], Type | None]

_ODD_TYPEDEF = re.compile(r"\b(?:__)?(?:vector_size|mode|ext_vector_type|neon_vector_type)")
_FLOATING = {"float", "double", "_Complex", "__int128"}
_DEPTH = 32


def no_locals(_: str) -> Type | None:
    return None


class Types:
    """Resolves types against a unit's file scope."""

    def __init__(self, declarations: Declarations) -> None:
        self.declarations = declarations

    def resolve(self, node: Type | None, depth: int = 0) -> Type | None:
        """``node`` without the typedefs, ``typeof`` and qualifiers around it."""
        if depth > _DEPTH:
            return None
        if isinstance(node, c_ast.Decl | c_ast.Typedef | c_ast.Typename):
            return self.resolve(node.type, depth + 1)
        if not isinstance(node, c_ast.TypeDecl):
            return node
        inner = node.type
        if isinstance(inner, c_ast.TypeOf):
            return self._typeof(inner, depth)
        if isinstance(inner, c_ast.IdentifierType) and inner.names[0] not in BASIC:
            found = self.declarations.lookup(inner.names[0])
            if found and isinstance(found.node, c_ast.Typedef):
                text = self.declarations.text[found.chunk.start : found.chunk.end]
                return None if _ODD_TYPEDEF.search(text) else self.resolve(found.node, depth + 1)
        return node

    def _typeof(self, node: c_ast.TypeOf, depth: int) -> Type | None:
        if isinstance(node.expr, c_ast.Typename):
            return self.resolve(node.expr, depth + 1)
        return self.of(node.expr, no_locals, depth + 1)

    def of(self, node: c_ast.Node | None, local: Locals = no_locals, depth: int = 0) -> Type | None:
        """The resolved type of an expression; None where it cannot be told."""
        if node is None or depth > _DEPTH:
            return None
        if isinstance(node, c_ast.ID):
            own = local(node.name)
            if own is not None:
                return self.resolve(own)
            found = self.declarations.lookup(node.name)
            return self.resolve(found.node) if found else None
        if isinstance(node, c_ast.Cast):
            return self.resolve(node.to_type)
        if isinstance(node, c_ast.StructRef):
            return self._member(node, local, depth)
        if isinstance(node, c_ast.ArrayRef):
            return self._pointed(self.of(node.name, local, depth + 1))
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            return self._pointed(self.of(node.expr, local, depth + 1))
        if isinstance(node, c_ast.UnaryOp) and node.op == "&":
            inner = self.of(node.expr, local, depth + 1)
            return c_ast.PtrDecl([], inner) if inner is not None else None
        if isinstance(node, c_ast.TernaryOp):
            return self.of(node.iftrue, local, depth + 1)
        return None

    def _pointed(self, node: Type | None) -> Type | None:
        if isinstance(node, c_ast.PtrDecl | c_ast.ArrayDecl):
            return self.resolve(node.type)
        return node if isinstance(node, c_ast.FuncDecl) else None

    def _member(self, node: c_ast.StructRef, local: Locals, depth: int) -> Type | None:
        base = self.of(node.name, local, depth + 1)
        if node.type == "->":
            base = self._pointed(base)
        return self.member(base, node.field.name) if isinstance(node.field, c_ast.ID) else None

    def member(self, base: Type | None, name: str) -> Type | None:
        """The resolved type of a member, those of unnamed members included."""
        record = base.type if isinstance(base, c_ast.TypeDecl) else base
        if not isinstance(record, c_ast.Struct | c_ast.Union):
            return None
        if record.decls is None and record.name:
            record = self.declarations.tag(record.name)
        for decl in (record.decls or ()) if record is not None else ():
            if getattr(decl, "name", None) == name:
                return self.resolve(decl)
            if getattr(decl, "name", "") is None:
                inner = self.member(self.resolve(decl), name)
                if inner is not None:
                    return inner
        return None

    def expression(self, text: str) -> c_ast.Node | None:
        """An expression's tree; None where it does not parse."""
        wrapped = [*tokens("int __sc_x = ("), *tokens(text), *tokens(");")]
        try:
            decl = parse(_renumber(wrapped), self.declarations.typedefs).tree.ext[-1]
        except Unparsable:
            return None
        return decl.init if isinstance(decl, c_ast.Decl) else None

    def signature(self, operand: str) -> Signature:
        """What is known of the function (type) that a key is declared with."""
        kind = self.function(operand)
        if kind is None:
            return Signature()
        count, variadic = self._parameters(kind)
        if next(self._declared(operand), kind).args is None:
            count = None  # a key that is defined behind it takes any arguments
        returns = "unknown" if self._is_odd(operand) else self.returns(kind)
        return Signature(returns, count, variadic)

    def _is_odd(self, operand: str) -> bool:
        """Whether an attribute may make a vector, or another size, of what is declared."""
        found = self.declarations.all_of(operand.strip("() \t\n"))
        text = self.declarations.text
        return any(_ODD_TYPEDEF.search(text[f.chunk.start : f.chunk.end]) for f in found)

    def function(self, operand: str) -> c_ast.FuncDecl | None:
        """The function type that a key is declared with; None where it cannot be told.

        Of several declarations of a function the first that has a prototype.
        """
        first = None
        for kind in self._declared(operand):
            if kind.args is not None:
                return kind
            first = first or kind
        return first or self._function(self.of(self.expression(operand)))

    def _declared(self, operand: str) -> Iterator[c_ast.FuncDecl]:
        """The types that the declarations of a function tell, in order."""
        name = operand.strip("() \t\n")
        for declared in self.declarations.all_of(name) if name.isidentifier() else ():
            kind = self._function(self.resolve(declared.node))
            if kind is not None:
                yield kind

    def _function(self, kind: Type | None) -> c_ast.FuncDecl | None:
        while isinstance(kind, c_ast.PtrDecl):
            kind = self.resolve(kind.type)
        return kind if isinstance(kind, c_ast.FuncDecl) else None

    def _parameters(self, function: c_ast.FuncDecl) -> tuple[int | None, bool]:
        if function.args is None:
            return None, False
        params = list(function.args.params)
        variadic = bool(params) and isinstance(params[-1], c_ast.EllipsisParam)
        if any(isinstance(p, c_ast.ID) for p in params):
            return None, False  # a K&R definition tells nothing
        params = params[: len(params) - variadic]
        if len(params) == 1 and self.kind(self.resolve(params[0])) == "void":
            return 0, variadic
        return len(params), variadic

    def returns(self, function: c_ast.FuncDecl) -> str:
        """The class of the return type: void, integer, pointer, other or unknown."""
        return self.kind(self.resolve(function.type))

    def kind(self, node: Type | None) -> str:
        """The class of a resolved type, as that of a return type."""
        if isinstance(node, c_ast.PtrDecl):
            return "pointer"
        inner = node.type if isinstance(node, c_ast.TypeDecl) else None
        if isinstance(inner, c_ast.Struct | c_ast.Union):
            return "other"
        if isinstance(inner, c_ast.Enum):
            return "integer"
        if not isinstance(inner, c_ast.IdentifierType):
            return "unknown"
        names = set(inner.names)
        if names & _FLOATING:
            return "other"
        if names == {"void"}:
            return "void"
        return "integer" if names <= BASIC else "unknown"


def _renumber(found: list[Token]) -> list[Token]:
    return [Token(t.kind, t.text, i, i) for i, t in enumerate(found)]
