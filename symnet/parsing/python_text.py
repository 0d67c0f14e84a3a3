"""Text in the syntax of Python, as NumPy's users write formulas.

In: a text. Out: a `Tree`. Python's own `ast` reads it, and a white list goes through what it read: whatever is not an
operator, a name, a number or a call is refused with its column. Nothing is compiled, nothing is run.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from symnet.parsing.text import DEEPEST, Tree

_SIGNS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_WRONG: dict[type, str] = {
    ast.BitXor: "^ is no power in Python; write **, or give syntax='matlab'",
    ast.FloorDiv: "// makes steps and has no gradient; write /",
    ast.Mod: "% has no gradient; write the formula without it",
    ast.Lambda: "a lambda is no part of a formula; write the body, or the Greek letter λ as another name, such as lam",
    ast.IfExp: "if … else … is no part of a formula; write where(condition, a, b)",
    ast.BoolOp: "and, or are no part of a formula; multiply the conditions",
    ast.GeneratorExp: "a loop is no part of a formula; write it with whole matrices, such as sum(A)",
    ast.ListComp: "a loop is no part of a formula; write it with whole matrices, such as sum(A)",
    ast.NamedExpr: ":= is no part of a formula; build it of two expressions",
    ast.JoinedStr: "text is no part of a formula",
    ast.Starred: "a * before an argument is no part of a formula; write the arguments one by one",
}
_LAMBDA = "lambd\u0101"  # stands for a symbol of that name, which is a keyword of Python's
_SAID = ("None", "True", "False", "if", "else", "for", "in", "lambda", "and", "or", "not", "is")  # refused by the tree


def read_python(text: str) -> Tree:
    """Give the operations of a formula in Python's syntax. Raises `ValueError` with the column of what is none."""
    tree = Tree(text)
    for word in re.finditer(r"[^\W\d]\w*", text):
        if keyword.iskeyword(word[0]) and word[0] not in _SAID:
            tree.refuse(word.start(), f"{word[0]} is a keyword of Python and no part of a formula; take another name")
    lead = len(text) - len(text.lstrip())
    source = re.sub(r"\blambda\b(?![\w\s,*=]*:)", _LAMBDA, text.strip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as that a number is called: it is refused below
            parsed = ast.parse(source, mode="eval")
    except SyntaxError as error:
        _refuse(tree, error, lead)
    except (RecursionError, MemoryError, ValueError, OverflowError):
        tree.refuse(0, f"the formula is nested deeper than {DEEPEST} levels; take parts out")
    return _Reader(tree, source, lead).read(parsed.body)


def _refuse(tree: Tree, error: SyntaxError, lead: int) -> NoReturn:
    at = lead + error.offset - 1 if error.offset and error.text and error.text.strip() else len(tree.text.rstrip())
    said = str(error.msg)
    said = said.split(" (")[0] if said.startswith("unterminated") or "Perhaps" in said or "Maybe" in said else said
    said = "it does not fit here" if said == "invalid syntax" else said.split(". ")[0]
    tree.refuse(at, f"this is no formula: {said[:1].lower()}{said[1:]}")


class _Reader:
    def __init__(self, tree: Tree, source: str, lead: int) -> None:
        self.tree = tree
        widths = [len(c.encode("utf-8", "replace")) for c in source]
        self.columns: dict[int, int] = {0: lead}  # `ast` counts bytes
        byte = 0
        for k, width in enumerate(widths):
            byte += width
            self.columns[byte] = lead + k + 1

    def read(self, body: ast.expr) -> Tree:
        self.visit(body)
        return self.tree

    def place(self, node: Any) -> tuple[int, int]:
        start, end = self.columns.get(node.col_offset, 0), self.columns.get(node.end_col_offset or 0, 0)
        return start, max(end, start)

    def behind(self, node: Any) -> int:
        end = self.place(node)[1]
        return end + len(self.tree.text[end:]) - len(self.tree.text[end:].lstrip(" )"))

    def visit(self, node: ast.expr) -> int:
        start, _ = self.place(node)
        reader: Callable[[Any], int] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
        if reader is None:
            said = _WRONG.get(type(node), f"{_said(node)} is no part of a formula")
            self.tree.refuse(start, said)
        with self.tree.deeper(start):
            return reader(node)

    def _binop(self, node: Any) -> int:
        chain = [node]  # a + b + c + … leans to the left, however long it is
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        found = self.visit(chain[-1].left)
        for link in reversed(chain):
            start, end = self.place(link)
            if type(link.op) not in _SIGNS:
                said = _WRONG.get(type(link.op), "this operator is no part of a formula")
                self.tree.refuse(self.behind(link.left), said)
            found = self.tree.add(_SIGNS[type(link.op)], (found, self.visit(link.right)), start, end)
        return found

    def _unaryop(self, node: Any) -> int:
        start, end = self.place(node)
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            sign = "~" if isinstance(node.op, ast.Invert) else "not"
            self.tree.refuse(start, f"{sign} is no part of a formula; write 1 - …")
        found = self.visit(node.operand)
        return found if isinstance(node.op, ast.UAdd) else self.tree.add("neg", (found,), start, end)

    def _constant(self, node: Any) -> int:
        (start, end), value = self.place(node), node.value
        if isinstance(value, bool) or value is None or isinstance(value, str):
            return self.tree.add("word", (), start, end, value)
        if isinstance(value, (int, float)):
            text = self.tree.text[start:end].replace("_", "")
            return self.tree.number(
                text if text[:1] in "0123456789." and text[:2] not in _BASES else str(value), start, end
            )
        kind = "complex numbers are" if isinstance(value, complex) else f"{_said(node)} is"
        self.tree.refuse(start, f"{kind} no part of a formula")

    def _name(self, node: Any) -> int:
        return self.tree.add("name", (), *self.place(node), "lambda" if node.id == _LAMBDA else node.id)

    def _attribute(self, node: Any) -> int:
        start, end = self.place(node)
        path = _dotted(node)
        if path is not None and path.split(".")[0] in MODULES:
            return self.tree.add("name", (), start, end, path)
        at = self.place(node.value)[1]
        if node.attr not in ("T", "shape", "size"):
            self.tree.refuse(at, f".{node.attr} is no part of a formula; .T, .shape[0] and functions of NumPy's are")
        return self.tree.add({"T": "'"}.get(node.attr, node.attr), (self.visit(node.value),), start, end)

    def _call(self, node: Any) -> int:
        start, end = self.place(node)
        path, first = _dotted(node.func), []
        if isinstance(node.func, ast.Attribute) and (path is None or path.split(".")[0] not in MODULES):
            path, first = node.func.attr, [self.visit(node.func.value)]  # a method: A.sum(axis=0)
        if path is None:
            self.tree.refuse(start, "only functions by their names are called in a formula")
        args = [*first, *map(self.visit, node.args)]
        for word in node.keywords:
            if word.arg is None:
                self.tree.refuse(self.place(word.value)[0], "** is no argument of a formula")
            args.append(self.visit(word.value))
        return self.tree.add("call", tuple(args), start, end, path, tuple(w.arg for w in node.keywords))

    def _subscript(self, node: Any) -> int:
        start, end = self.place(node)
        index = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        places = tuple(self._place(i) for i in index)
        return self.tree.add("index", (self.visit(node.value),), start, end, places)

    def _place(self, node: Any) -> Any:
        if isinstance(node, ast.Slice):
            return slice(*[None if i is None else self._place(i) for i in (node.lower, node.upper, node.step)])
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            value = None
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 10**9:
            self.tree.refuse(
                self.place(node)[0], "an index is a whole number or a slice of whole numbers, such as A[0, 1:3]"
            )
        return value

    def _tuple(self, node: Any) -> int:
        return self.tree.add("list", tuple(map(self.visit, node.elts)), *self.place(node))

    _list = _tuple

    def _compare(self, node: Any) -> int:
        start, end = self.place(node)
        if len(node.ops) > 1 or type(node.ops[0]) not in _SIGNS:
            self.tree.refuse(
                self.behind(node.left), "of comparisons one <, <=, > or >= is read, such as where(a > 0, a, b)"
            )
        sides = self.visit(node.left), self.visit(node.comparators[0])
        return self.tree.add(_SIGNS[type(node.ops[0])], sides, start, end)


_BASES = ("0x", "0X", "0o", "0O", "0b", "0B")
MODULES = ("np", "numpy", "jnp", "sn", "symnet", "sympy", "scipy", "special", "linalg", "math", "torch")


def _dotted(node: Any) -> str | None:
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else None


def _said(node: ast.AST) -> str:
    words = re.sub(r"(?<!^)([A-Z])", r" \1", type(node).__name__).lower()
    return {"set": "a set {…}", "dict": "a dictionary", "await": "await", "constant": "this constant"}.get(words, words)
