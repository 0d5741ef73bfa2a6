"""Which operands of guards are address constants, seen in the scopes of a function."""

from __future__ import annotations

from dataclasses import dataclass

from pycparser import c_ast

from transformer.frontend.c_types import Type, Types
from transformer.frontend.words import lookup


@dataclass(frozen=True)
class Local:
    """A name of a block: ``fixed`` tells that its address is a constant."""

    type: Type | None
    fixed: bool
    what: str


class Scopes:
    """Walks a function's tree and judges each guard where it stands.

    ``judged`` maps the index of the guard's word in the chunk's tokens to the
    reason why the operand is no address constant, or to "".
    """

    def __init__(self, types: Types, arrays: frozenset[str]) -> None:
        self.types = types
        self.arrays = arrays
        self.judged: dict[int, str] = {}
        self._stack: list[dict[str, Local]] = []

    def function(self, node: c_ast.Node) -> None:
        """Judge every guard of a function definition (or of any other tree)."""
        self._visit(node)

    def _visit(self, node: c_ast.Node) -> None:
        if isinstance(node, c_ast.FuncDef):
            self._function(node)
        elif isinstance(node, c_ast.Compound | c_ast.For):
            self._stack.append({})
            self._children(node)
            self._stack.pop()
        elif isinstance(node, c_ast.Decl):
            self._declare(node)
            if isinstance(node.type, c_ast.FuncDecl) and node.init is not None:
                self._stack.append({})  # a function within a function: see ``repairs``
                self._parameters(node.type)
                self._children(node.init)
                self._stack.pop()
            else:
                self._children(node)
        elif isinstance(node, c_ast.Enumerator):
            self._add(node.name, Local(None, True, "enumerator"))
            self._children(node)
        elif isinstance(node, c_ast.FuncDecl):
            self._stack.append({})
            self._children(node)
            self._stack.pop()
        else:
            if isinstance(node, c_ast.FuncCall):
                self._call(node)
            self._children(node)

    def _children(self, node: c_ast.Node) -> None:
        for _, child in node.children():
            self._visit(child)

    def _function(self, node: c_ast.FuncDef) -> None:
        self._stack.append({})
        self._parameters(node.decl.type)
        for decl in node.param_decls or ():
            self._add(decl.name, Local(decl.type, False, "parameter"))
        self._children(node.body)
        self._stack.pop()

    def _parameters(self, kind: c_ast.Node) -> None:
        params = kind.args.params if isinstance(kind, c_ast.FuncDecl) and kind.args else ()
        for param in params:
            local = Local(getattr(param, "type", None), False, "parameter")
            self._add(getattr(param, "name", None), local)

    def _declare(self, node: c_ast.Decl) -> None:
        storage = set(node.storage or ())
        thread = "_Thread_local" in storage
        fixed = bool(storage & {"static", "extern"}) and not thread
        if isinstance(node.type, c_ast.FuncDecl):
            fixed = True
        self._add(
            node.name, Local(node.type, fixed, "thread-local" if thread else "local variable")
        )

    def _add(self, name: str | None, local: Local) -> None:
        if name and self._stack:
            self._stack[-1][name] = local

    def _find(self, name: str) -> Local | None:
        return next((s[name] for s in reversed(self._stack) if name in s), None)

    def _local_type(self, name: str) -> Type | None:
        found = self._find(name)
        return found.type if found else None

    def _call(self, node: c_ast.FuncCall) -> None:
        if not isinstance(node.name, c_ast.ID) or node.args is None:
            return
        word = lookup(node.name.name)
        if word and word[0].kind == "guard" and node.name.coord and len(node.args.exprs) == 1:
            self.judged[node.name.coord.line] = self.reason(node.args.exprs[0])

    def reason(self, node: c_ast.Node) -> str:
        """Why an expression is no address constant; "" where it is one."""
        if isinstance(node, c_ast.UnaryOp) and node.op == "&":
            return self._lvalue(node.expr)
        if isinstance(node, c_ast.Cast):
            return self.reason(node.expr)
        if isinstance(node, c_ast.BinaryOp) and node.op in "+-":
            return "it is pointer arithmetic"  # GCC on x86 folds none at -O0
        if isinstance(node, c_ast.ID | c_ast.StructRef | c_ast.ArrayRef):
            if self._is_array(node):
                return self._lvalue(node)
            return f"'{_spell(node)}' is a pointer, not the address of a key"
        return "it is computed at run time"

    def _lvalue(self, node: c_ast.Node) -> str:
        if isinstance(node, c_ast.ID):
            return self._variable(node.name)
        if isinstance(node, c_ast.ArrayRef):
            base, index = node.name, node.subscript
            if not self._is_array(base) and self._is_array(index):
                base, index = index, base  # 2[keys]
            if not self._is_array(base):
                return self._through(base) or "it is pointer arithmetic"
            return self._index(index) or self._lvalue(base)
        if isinstance(node, c_ast.StructRef):
            if node.type == ".":
                return self._lvalue(node.name)
            return (
                "it is pointer arithmetic"
                if self._is_array(node.name)
                else self._through(node.name)
            )
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            return self.reason(node.expr)
        return "it is computed at run time"

    def _through(self, node: c_ast.Node) -> str:
        """A member or element of what a pointer points to: fixed for ``(&x)->key`` alone."""
        if isinstance(node, c_ast.ID | c_ast.StructRef | c_ast.ArrayRef):
            return f"it goes through the pointer '{_spell(node)}'"
        return self.reason(node)

    def _variable(self, name: str) -> str:
        local = self._find(name)
        if local is not None:
            return "" if local.fixed else f"'{name}' is a {local.what}"
        found = self.types.declarations.lookup(name)
        storage = getattr(found.node, "storage", None) if found else None
        return f"'{name}' is thread-local" if storage and "_Thread_local" in storage else ""

    def _is_array(self, node: c_ast.Node) -> bool:
        if isinstance(node, c_ast.ID) and node.name in self.arrays and not self._find(node.name):
            return True
        return isinstance(self.types.of(node, self._local_type), c_ast.ArrayDecl)

    def _index(self, node: c_ast.Node) -> str:
        return "" if self._constant(node) else f"the index '{_spell(node)}' is no constant"

    def _constant(self, node: c_ast.Node | None) -> bool:
        if isinstance(node, c_ast.Constant):
            return True
        if isinstance(node, c_ast.ID):
            local = self._find(node.name)
            if local is not None:
                return local.what == "enumerator"
            return node.name in self.types.declarations.enumerators
        if isinstance(node, c_ast.UnaryOp):
            return node.op == "sizeof" or (node.op in "+-~!" and self._constant(node.expr))
        if isinstance(node, c_ast.BinaryOp):
            return self._constant(node.left) and self._constant(node.right)
        if isinstance(node, c_ast.TernaryOp):
            return all(map(self._constant, (node.cond, node.iftrue, node.iffalse)))
        return isinstance(node, c_ast.Cast) and self._constant(node.expr)


def _spell(node: c_ast.Node) -> str:
    """An expression as C, or a word for it."""
    from pycparser.c_generator import CGenerator

    try:
        return str(CGenerator().visit(node))
    except (AttributeError, TypeError):
        return "expression"
