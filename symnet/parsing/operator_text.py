"""Text in the syntax of MATLAB, as matrixcalculus.org's users type it, of Mathematica, and as SymPy prints expressions.

In: a text. Out: a `Tree`. One reader by precedence serves all: a table for each says how tightly a sign binds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from symnet.parsing.text import Tree
from symnet.parsing.tokens import Token, tokens_of


@dataclass(frozen=True)
class Grammar:
    """How tightly the signs of a syntax bind. `right`: those that lean to the right; `postfix`: those behind one."""

    binary: dict[str, int]
    right: tuple[str, ...]
    postfix: dict[str, int]
    minus: int
    call: tuple[str, str]


_COMPARED = dict.fromkeys(("<", "<=", ">", ">="), 1)
GRAMMARS = {
    # MATLAB, "Operator precedence": the transpose stands with the powers, all of them from the left
    "matlab": Grammar(
        {**_COMPARED, "+": 2, "-": 2, "*": 3, "/": 3, "\\": 3, ".*": 3, "./": 3, "^": 5, ".^": 5},
        (), {"'": 5, ".'": 5}, 4, ("(", ")"),
    ),
    # Mathematica, "Operator input forms": Dot binds before the minus sign, that before /, that before * or a space
    "mathematica": Grammar(
        {**_COMPARED, "+": 2, "-": 2, "*": 3, "/": 4, ".": 6, "^": 7, "/@": 8, "@": 9},
        ("^", "/@", "@"), {}, 5, ("[", "]"),
    ),
    # what `str` gives: Python's, with ∘ and ⊘ entry by entry, which bind before *
    "sympy": Grammar(
        {**_COMPARED, "+": 2, "-": 2, "*": 3, "/": 3, "@": 3, "∘": 4, "⊘": 4, "**": 7, "∘^": 7},
        ("**",), {".T": 9}, 5, ("(", ")"),
    ),
}  # fmt: skip
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_CALL = 10


def read_operators(text: str, syntax: str) -> Tree:
    """Give the operations of a formula of MATLAB's or Mathematica's. Raises `ValueError` with the column of a fault."""
    tree = Tree(text)
    reader = _Reader(tree, tokens_of(tree, syntax), syntax)
    reader.expression(0)
    if reader.now.kind != "end":
        reader.unexpected()
    return tree


class _Reader:
    def __init__(self, tree: Tree, tokens: list[Token], syntax: str) -> None:
        self.tree, self.tokens, self.place, self.syntax = tree, tokens, 0, syntax
        self.grammar = GRAMMARS[syntax]

    @property
    def now(self) -> Token:
        return self.tokens[self.place]

    def take(self, sign: str | None = None) -> Token:
        token = self.now
        if sign is not None and (token.text != sign or token.kind != "sign"):
            self.unexpected(sign)
        self.place += 1
        return token

    def unexpected(self, wanted: str = "") -> NoReturn:
        found = "the text ends here" if self.now.kind == "end" else f"{self.now.text!r} does not fit here"
        self.tree.refuse(self.now.start, found + (f"; {wanted} is missing" if wanted else ""))

    def expression(self, floor: int) -> int:
        begin = self.now.start
        with self.tree.deeper(begin):
            left = self.operand()
            while (binds := self.binding()) is not None and binds[0] > floor:
                left = self.grown(left, begin, *binds)
            return left

    def binding(self) -> tuple[int, str] | None:
        # how tightly what comes next binds what stands before it; a space multiplies in Mathematica
        token, grammar = self.now, self.grammar
        if token.kind == "sign":
            if token.text == grammar.call[0]:
                return _CALL, "call"
            if token.text == "[" and self.syntax == "sympy":
                return _CALL, "index"
            if token.text in grammar.postfix or token.text[0] == "∘" and token.text[1:].isdigit():
                return grammar.postfix.get(token.text, 7), "postfix"
            if token.text in grammar.binary:
                return grammar.binary[token.text], "binary"
        starts = token.kind in ("number", "word") or token.text in ("(", "{") and token.kind == "sign"
        return (grammar.binary["*"], "beside") if starts and self.syntax == "mathematica" else None

    def grown(self, left: int, begin: int, strength: int, kind: str) -> int:
        if kind in ("call", "index"):
            return self.called(left, begin) if kind == "call" else self.indexed(left, begin)
        if (
            kind == "beside"
            and self.now.text == "("
            and not self.now.spaced
            and self.tokens[self.place - 1].kind == "word"
        ):
            self.tree.refuse(
                self.now.start, "a function is called with [ ] in Mathematica; write a space or * to multiply"
            )
        sign = "*" if kind == "beside" else self.take().text
        if sign in ("@", "/@"):
            return self.applied(left, begin, strength, sign)
        if kind == "postfix" and sign[0] == "∘":
            exponent = self.tree.number(sign[1:].translate(_LOWERED), *self.last())
            return self.tree.add("∘^", (left, exponent), begin, self.last()[1])
        if kind == "postfix":
            return self.tree.add("'", (left,), begin, self.last()[1])
        right = self.expression(strength - (sign in self.grammar.right))
        end = self.tree.parts[right].end
        return self.tree.add(sign, (left, right), begin, end)

    def operand(self) -> int:
        token = self.take()
        add, where = self.tree.add, (token.start, token.end)
        if token.kind == "number":
            return self.tree.number(token.text.replace("*^", "e"), *where)
        if token.kind == "string":
            return add("word", (), *where, token.text)
        if token.kind == "word" and token.text in ("True", "False"):
            return add("word", (), *where, token.text == "True")
        if token.kind == "word":
            plain = token.text.rstrip("$") if self.syntax == "mathematica" else ""  # what `formula` calls a C: C$
            return add("name", (), *where, plain or token.text)
        if token.text in ("-", "+"):
            inner = self.expression(self.grammar.minus)
            return add("neg", (inner,), token.start, self.tree.parts[inner].end) if token.text == "-" else inner
        if token.text == "(" and token.kind == "sign":
            inner = self.expression(0)
            if self.now.text == "," and self.syntax == "sympy":
                self.take(",")
                others, _ = self.listed(")")
                return add("list", (inner, *others), token.start, self.last()[1])
            self.take(")")
            return inner
        if token.text == ":" and self.syntax == "matlab":
            return add("word", (), *where, ":")
        if (token.text, self.syntax) in (("{", "mathematica"), ("[", "sympy")):
            return add("list", self.listed("}" if token.text == "{" else "]")[0], token.start, self.last()[1])
        self.place -= 1
        if token.text == "[":
            calls = self.syntax == "mathematica"
            way = "f[x] for a function, (…) for brackets" if calls else "hstack(A, B) and vstack(A, B)"
            self.tree.refuse(token.start, f"[ has no formula before it here; write {way}")
        self.unexpected("an operand")

    def last(self) -> tuple[int, int]:
        token = self.tokens[self.place - 1]
        return token.start, token.end

    def listed(self, closing: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
        found: list[int] = []
        named: list[str] = []
        while self.now.text != closing or self.now.kind != "sign":
            if found and (self.now.text != "," or self.now.kind != "sign"):
                self.unexpected(closing)
            if found:
                self.take(",")
            word, sign = self.now, self.tokens[min(self.place + 1, len(self.tokens) - 1)]
            if self.syntax == "sympy" and word.kind == "word" and sign.text == "=":
                named.append(word.text)
                self.place += 2
            elif named:
                self.unexpected()
            found.append(self.expression(0))
        self.take(closing)
        return tuple(found), tuple(named)

    def indexed(self, left: int, begin: int) -> int:
        self.take("[")
        places: list[Any] = [[None]]
        while self.now.text != "]" or self.now.kind != "sign":
            if self.now.text == ",":
                places.append([None])
            elif self.now.text == ":":
                places[-1].append(None)
            elif places[-1][-1] is None and (sign := -1 if self.now.text == "-" else 1):
                self.place += sign == -1
                if not self.now.text.isdecimal() or len(self.now.text) > 9:
                    self.tree.refuse(self.now.start, "an index is a whole number or a slice of whole numbers")
                places[-1][-1] = sign * int(self.now.text)
            else:
                self.unexpected("]")
            self.place += 1
        self.take("]")
        value = tuple(p[0] if len(p) == 1 else slice(*p) if len(p) < 4 else None for p in places)
        if None in value or len(value) > 2:
            self.tree.refuse(begin, "an index has a row and a column, such as A[0, 1:3]")
        return self.tree.add("index", (left,), begin, self.last()[1], value)

    def called(self, left: int, begin: int) -> int:
        opening, closing = self.grammar.call
        head = self.tree.parts[left]
        self.take(opening)
        if self.syntax == "mathematica" and self.now.text == "[" and not self.now.spaced:
            self.take("[")
            inner, _ = self.listed("]")
            self.take("]")
            return self.tree.add("part", (left, *inner), begin, self.last()[1])
        if head.op != "name":
            self.tree.refuse(begin, "only functions by their names are called in a formula; write * to multiply")
        self.tree.parts.pop()
        inner, named = self.listed(closing)
        return self.tree.add("call", inner, begin, self.last()[1], head.value, named)

    def applied(self, left: int, begin: int, strength: int, sign: str) -> int:
        head = self.tree.parts.pop()
        if head.op != "name" or (sign == "/@" and head.value != "List"):
            self.tree.refuse(begin, f"before {sign} stands the name of a function{', List' * (sign == '/@')}")
        right = self.expression(strength - 1)
        name = "List /@" if sign == "/@" else head.value
        return self.tree.add("call", (right,), begin, self.tree.parts[right].end, name)
