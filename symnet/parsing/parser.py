"""A formula as text becomes an expression: `parse`.

In: text in the syntax of NumPy, MATLAB (matrixcalculus.org's), Mathematica or SymPy, and what is told of the symbols in
it. Out: the expression that the same formula written with symnet's functions gives. Text is never run. Where two
readings of it differ and nothing tells which one is meant, both are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sized
from difflib import get_close_matches
from typing import Any


from symnet.expressions import as_scalar
from symnet.parsing.declared import declared
from symnet.parsing.operator_text import read_operators
from symnet.parsing.python_text import read_python
from symnet.parsing.readings import DIALECTS, LOOSE, PRINTED, Dialect, Reading
from symnet.parsing.text import Tree, checked_text, marked
from symnet.parsing.unify import Form
from symnet.parsing.vocabulary import knows_head

SYNTAXES = tuple(DIALECTS)
# what only one syntax has; a text without any of these is read in all that it may be in
_SIGNS = {
    "mathematica": re.compile(
        r"(?<=[\w\]$])\[\[|/@|\{|(?<=[\w\])])\s*\.\s*(?=[A-Za-z$(])(?!T\b)(?=[^a-z]|[a-z]\b)|\*\^"
    ),
    "matlab": re.compile(r"\.[*/^']|[\w)\]]'|\\"),
    "numpy": re.compile(
        r"@|\*\*|\.T\b|\b(?:np|numpy|jnp|sn|symnet|scipy|torch|math)\.|\baxis\s*=|[\w)]\.[a-z]\w+\(|\w\["
    ),
}
_HEAD = re.compile(r"\b([A-Z]\w*)\s*\[(?!\[)")  # of a function in Mathematica, where it is no matrix with an index
_PYTHON = re.compile(r"@|\b(?:np|numpy|jnp|sn|symnet|scipy|torch|math)\.|\baxis\s*=")  # NumPy's and not SymPy's
_SAID = {"numpy": "NumPy", "sympy": "SymPy", "matlab": "MATLAB", "mathematica": "Mathematica"}


def parse(text: str, shapes: Mapping[Any, Any] | None = None, /, *, syntax: str | None = None, **sizes: Any) -> Any:
    """Give the expression that a text says, in the syntax of NumPy, MATLAB, Mathematica or SymPy, without running it.

    text: a formula such as "sum(log(1 + exp(-y * (X @ w))))", "norm2(X*w - y)^2", "Tr[Transpose[A].A]/2" or what `str`
    gives of an expression; sizes: the shapes of its symbols, X="m×n" (or "m,n", ("m", 3)), y="m" for a vector,
    lam="scalar", A="matrix" for one whose sizes the formula tells; shapes: the same as a dictionary.
    syntax: "numpy" (`*` is entry by entry, `@` the product of matrices), "matlab" (`*` is the product, `.*` entry by
    entry, as at matrixcalculus.org), "mathematica" (`*` is entry by entry, `.` the product) or "sympy" (`*` is the
    product); by default the one that the text is written in.

    Shapes that are not given follow from the operations: the operands of + and - have one shape, those of @ fit. A
    vector is read as an array of one axis and as a column. Raises `ValueError`, with a caret below the column, for what
    is no formula, a symbol whose shape nothing tells, and where two readings differ; `ShapeError` where sizes differ.

    >>> import symnet as sn
    >>> loss = sn.parse("sum(log(1 + exp(-y * (X @ w))))", X="m×n", y="m", w="n")
    >>> sn.show(sn.gradient(loss, sn.vector("w", "n")))
    −Xᵀ⋅(y∘sigmoid(−y ∘ (X⋅w)))
    >>> sn.parse("tr(A*X')", A="m×n", X="m×n") == sn.parse("Tr[A . Transpose[X]]", A="m×n", X="m×n")
    True
    """
    text = checked_text(text)
    if syntax is not None and syntax not in SYNTAXES:
        raise ValueError(f"parse: syntax must be one of {', '.join(map(repr, SYNTAXES))}, not {syntax!r}")
    if shapes is not None and not isinstance(shapes, Mapping):
        raise TypeError(f"parse: the shapes are a dictionary, such as {{'X': 'm×n'}}, not {type(shapes).__name__}")
    given, known = declared({**(shapes or {}), **sizes})
    return _chosen(text, [syntax] if syntax else _syntaxes(text, given), given, known)


def _syntaxes(text: str, given: Mapping[str, Any]) -> list[str]:
    plain = re.sub(r"\"[^\"]*\"|(?<![\w)\].'])'[^']*'", lambda m: " " * len(m[0]), text)
    if "∘" in plain or "⊘" in plain:
        return ["sympy"]
    if any(m[1] not in given and knows_head(m[1]) for m in _HEAD.finditer(plain)):
        return ["mathematica"]
    signs = [name for name, pattern in _SIGNS.items() if pattern.search(plain)]
    if "mathematica" in signs:
        return ["mathematica"]
    if signs and signs[0] == "matlab" and len(signs) == 1:
        return ["matlab"]
    if signs == ["numpy"]:
        return ["numpy"] if _PYTHON.search(plain) else ["numpy", "sympy"]
    if signs:
        at = min(m.start() for name in signs if (m := _SIGNS[name].search(plain)))
        raise ValueError(marked(text, at, "parse: the text has signs of MATLAB and of NumPy; write it in one syntax"))
    return ["matlab", "mathematica"] if "^" in plain else ["numpy", "matlab", "sympy"]


def _chosen(text: str, syntaxes: list[str], given: dict[str, Any], sizes: dict[str, Any]) -> Any:
    trees: dict[str, Tree] = {}
    found: list[tuple[str, bool, Any]] = []
    failed: list[tuple[int, str, Exception]] = []  # how many parts were read, and what was wrong then
    for syntax in syntaxes:
        try:
            tree = read_python(text) if syntax == "numpy" else read_operators(text, syntax)
            _check_names(tree, given, sizes)
        except ValueError as error:
            failed.append((0, syntax, error))
            continue
        trees[syntax] = tree
    for dialect in _dialects(syntaxes, trees, found):
        reading = Reading(trees[dialect.syntax], dialect, _fresh(given), sizes)
        try:
            found.append((dialect.syntax, dialect.flat, reading.expression()))
        except ValueError as error:
            failed.append((len(reading.forms) + len(reading.values), dialect.syntax, error))
            if reading.meant:
                raise
    if not found:
        raise _furthest(failed, syntaxes) from None
    syntax, _, value = found[0]
    for other, flat, result in sorted(found[1:], key=lambda item: item[0] == syntax):
        if as_scalar(result) != as_scalar(value) and not (flat and other == syntax and _turned(value, result)):
            _refuse(text, trees, syntax, other, [*given, *sizes])
    return value


def _dialects(syntaxes: list[str], trees: Mapping[str, Tree], found: Sized) -> Iterator[Dialect]:
    for syntax in trees:
        yield from (PRINTED,) if syntaxes == ["sympy"] else DIALECTS[syntax]
    if not found:
        yield from (LOOSE[syntax] for syntax in trees if syntax in LOOSE)


def _fresh(given: dict[str, Any]) -> dict[str, Any]:
    # what is partly known is found anew in each reading
    return {
        name: (symbol.copy() if isinstance(symbol, Form) else symbol, flat) for name, (symbol, flat) in given.items()
    }


def _turned(A: Any, B: Any) -> bool:
    return getattr(A, "is_Matrix", False) and getattr(B, "is_Matrix", False) and A.T == B and 1 in A.shape


def _check_names(tree: Tree, given: dict[str, Any], sizes: dict[str, Any]) -> None:
    names = {part.value for part in tree.parts if part.op in ("name", "call")}
    for name in given:
        if name not in names:
            others = sorted({p.value for p in tree.parts if p.op == "name"} - set(given))
            near = get_close_matches(name, others, 1) or others[:1]
            raise ValueError(f"parse: {name} is given a shape and is not in the text"
                             + (f"; did you mean {near[0]}?" if near else ""))  # fmt: skip


def _furthest(failed: list[tuple[int, str, Exception]], syntaxes: list[str]) -> Exception:
    # the complaint of the reading that came furthest
    if len(syntaxes) == 1 or len({str(error) for _, _, error in failed}) == 1:
        return failed[0][2]
    _, syntax, error = max(failed, key=lambda item: item[0])
    said, _, rest = str(error).partition("\n")
    return type(error)(f"{said} (read as {_SAID[syntax]})\n{rest}")


def _refuse(text: str, trees: dict[str, Tree], one: str, other: str, told: Iterable[str]) -> None:
    if one == other:
        unknown = sorted({p.value for p in trees[one].parts if p.op == "name"} - set(told))
        shapes = f"give the shape of {', '.join(unknown)}, or " * bool(unknown)
        raise ValueError(
            marked(
                text,
                0,
                f"parse: with vectors of one axis this is something else than with columns: {shapes}declare "
                "vectors as 'n×1', or write sum(x*y), outer(x, y) and @ for what is meant",
            )  # fmt: skip
        )
    tree = trees[one]
    at = next((text.find(p.op, tree.parts[p.args[0]].end) for p in tree.parts if p.op in ("*", "/", "**", "^")), 0)
    entries, whole = sorted((one, other), key=lambda syntax: syntax in ("matlab", "sympy"))
    differ = f"`{text[at]}` is entry by entry in {_SAID[entries]}, of whole matrices in {_SAID[whole]}"
    raise ValueError(marked(text, at, f"parse: {differ}: give syntax='{entries}' or syntax='{whole}'"))
