"""What is told of the symbols of a text: shapes, kinds and sizes, as people write them.

In: "m×n", "m,n", ("m", 3), "n", 3, "scalar", "vector", "matrix", or a symbol. Out: symbols, forms that are known in
part, and the sizes by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sympy import Expr, MatrixSymbol, S, Symbol

from symnet.expressions import as_size, checked_name, functions
from symnet.parsing.unify import Form, Unknown

KINDS = ("scalar", "vector", "row", "matrix")
_LONGEST = 60


def declared(given: Mapping[Any, Any]) -> tuple[dict[str, tuple[Any, bool]], dict[str, Any]]:
    """Give (symbol or form, whether it is told by one size) for each name, and the sizes in them by their names.

    Raises `TypeError` and `ValueError` for what is no name or no shape, naming the symbol.
    """
    symbols: dict[str, tuple[Any, bool]] = {}
    for key, shape in given.items():
        key = getattr(key, "name", key)
        name = unicodedata.normalize("NFKC", checked_name(key, "parse", "X"))
        if not re.fullmatch(r"(?:[^\W\d]|\$)[\w$]*", name):
            raise ValueError(f"parse: {key!r} is no name of a symbol that a text can have; write letters and digits")
        symbols[name] = _symbol(name, shape)
    sizes = {
        s.name: s for symbol, _ in symbols.values() for size in getattr(symbol, "shape", ())
        for s in getattr(size, "free_symbols", ())
    }  # fmt: skip
    return symbols, {name: size for name, size in sizes.items() if name not in symbols}


def _symbol(name: str, shape: Any) -> tuple[Any, bool]:
    if isinstance(shape, (MatrixSymbol, Symbol)) and getattr(shape, "name", None) == name:
        return shape, False
    if isinstance(shape, str) and shape.strip() in KINDS:
        return _of_kind(name, shape.strip())
    sizes = _sizes(name, shape)
    if not sizes:
        return Symbol(name), False
    rows, cols = sizes if len(sizes) == 2 else (sizes[0], S.One)
    return functions.matrix(name, rows, cols), len(sizes) == 1


def _of_kind(name: str, kind: str) -> tuple[Any, bool]:
    if kind == "scalar":
        return Symbol(name), False
    form = {"vector": Form(Unknown(), S.One), "row": Form(S.One, Unknown()), "matrix": Form()}[kind]
    return form.is_matrix(), False


def _sizes(name: str, shape: Any) -> list[Any]:
    way = f"write '3×n', '3,n', ('m', 'n'), 'n' for a vector, or {', '.join(map(repr, KINDS))}"
    parts: list[Any]
    if isinstance(shape, str):
        parts = list(_split(name, shape, way))
    elif isinstance(shape, (tuple, list)):
        parts = list(shape)
    elif isinstance(shape, (int, Expr)) and not isinstance(shape, bool) and not getattr(shape, "is_Matrix", False):
        parts = [shape]
    else:
        kind = "an array" if hasattr(shape, "shape") else f"{shape!r}"
        raise TypeError(f"parse: {name}={kind} is no shape; {way}")
    if len(parts) > 2:
        raise ValueError(f"parse: {name} has {len(parts)} axes in {shape!r}, and a matrix has two; {way}")
    return [_size(name, part, shape, way) for part in parts]


def _split(name: str, shape: str, way: str) -> list[str]:
    text = shape.strip()
    if len(text) > _LONGEST:
        raise ValueError(f"parse: the shape of {name} has {len(text)} characters; {way}")
    text = text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text
    if text.strip() == "":
        return [] if shape.strip() == "()" else [""]
    parts = re.split(r"[×,]|\s[xX]\s|(?<=\d)[xX](?=\w)", text)
    if len(parts) == 1 and re.fullmatch(r"\w[xX]\w", text):
        raise ValueError(f"parse: {name}={shape!r} may be one size of that name or two; write '{text[0]}×{text[2]}' or "
                         f"'{text[0]},{text[2]}' for two")  # fmt: skip
    if len(parts) == 1 and text == shape.strip() and re.fullmatch(r"\s*\w+\s*\*\s*\w+\s*", text):
        two = text.replace("*", "×")
        raise ValueError(f"parse: {name}={shape!r} may be one size or two: '{two}' for two, '({text},)' for one")
    return parts[:-1] if len(parts) == 2 and not parts[1].strip() else parts  # NumPy's (n,)


def _size(name: str, part: Any, shape: Any, way: str) -> Any:
    if not isinstance(part, str):
        return as_size(part, name)
    try:
        return as_size(unicodedata.normalize("NFKC", part), name)
    except (TypeError, ValueError) as error:
        raise ValueError(f"parse: {name}={shape!r} is no shape; {way} ({error})") from None
