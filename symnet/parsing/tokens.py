"""Words, numbers and signs of a text in the syntax of MATLAB, of Mathematica, or as SymPy prints it.

In: a text. Out: a list of tokens, each with its place in the text. What is no token is refused with its column.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from symnet.parsing.text import Tree


@dataclass(frozen=True)
class Token:
    """A word, number, string, sign or the end of a text. `spaced`: white space stands before it."""

    kind: str
    text: str
    start: int
    end: int
    spaced: bool = False


_NUMBER = {
    "matlab": r"(?:\d+(?:\.(?![*/^'\\])\d*)?|\.\d+)(?:[eE][+-]?\d+)?",
    "mathematica": r"(?:\d+(?:\.\d*)?|\.\d+)(?:\*\^[+-]?\d+)?",
    "sympy": r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?",
}
_WORD = {"matlab": r"[^\W\d]\w*", "sympy": r"[^\W\d]\w*", "mathematica": r"(?:[^\W\d]|\$)[\w$]*"}
_SIGN = {
    "matlab": r"\.\*|\./|\.\^|\.'|\.\\|[<>]=|[-+*/\\^(),:'<>\[\];=]",
    "sympy": r"\*\*|∘\^|∘[⁰¹²³⁴⁵⁶⁷⁸⁹]+|∘|⊘|\.T\b|[<>]=|[-+*/@(),\[\]<>=:]",
    "mathematica": r"/@|<=|>=|[-+*/^()\[\]{},.<>@]",
}
_STRING = {"matlab": r"\"[^\"]*\"|'[^']*'", "mathematica": r"\"[^\"]*\"", "sympy": r"\"[^\"]*\"|'[^']*'"}
_CLOSES = (")", "]", "'", ".'")  # after these, and after words and numbers, ' is the transpose


def tokens_of(tree: Tree, syntax: str) -> list[Token]:
    """Give the tokens of a text, an end after them. Raises `ValueError` where there is none."""
    patterns = [(kind, re.compile(table[syntax])) for kind, table in
                (("number", _NUMBER), ("word", _WORD), ("sign", _SIGN))]  # fmt: skip
    text, at, found = tree.text, 0, list[Token]()
    while True:
        start = at
        while at < len(text) and text[at].isspace():
            at += 1
        spaced, last = at > start, found[-1] if found else Token("start", "", 0, 0)
        if at == len(text):
            return [*found, Token("end", "", at, at, spaced)]
        operand = last.kind in ("number", "word") or last.text in _CLOSES
        string = None if syntax == "matlab" and operand and not spaced else re.compile(_STRING[syntax]).match(text, at)
        if string:
            found.append(Token("string", string[0][1:-1], at, string.end(), spaced))
            at = string.end()
            continue
        dotted = text[at] == "." and operand and syntax == "mathematica"  # the dot of a product, not of a number
        for kind, pattern in patterns[dotted:]:
            if match := pattern.match(text, at):
                written = unicodedata.normalize("NFKC", match[0]) if kind == "word" else match[0]
                found.append(Token(kind, written, at, match.end(), spaced))
                at = match.end()
                break
        else:
            tree.refuse(at, f"{text[at]!r} is no sign of {_CALLED[syntax]}{_HINTS.get(text[at], '')}")


_CALLED = {"matlab": "MATLAB's", "mathematica": "Mathematica's", "sympy": "SymPy's"}
_HINTS = {"@": "; for NumPy's product of matrices give syntax='numpy'", "'": "; write Transpose[A]",
          "[": "; write the matrices by their names"}  # fmt: skip
