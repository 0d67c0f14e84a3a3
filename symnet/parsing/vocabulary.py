"""What functions are called in the syntaxes that are read, and which of ours a text may call.

In: a name in a text. Out: the name of what is meant. All public functions of expressions are among them, and those to
come: what a text may call is read off the public names, and nothing else can be called.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import sympy
from sympy.functions.elementary.piecewise import Piecewise
from symnet.expressions import SCALARS, plain, sigmoid


_PACKAGE, _WING = __name__.split(".")[0], sigmoid.__module__.rpartition(".")[0]
_NO_FORMULA = {"elementwise", "let", "matrix", "mlp", "parse", "vector"}  # they take names and functions

# -- names → ours, by syntax

_NUMPY = {
    "absolute": "abs", "fabs": "abs", "expit": "sigmoid", "logistic": "sigmoid", "swish": "silu", "amax": "max",
    "amin": "min", "matmul": "dot", "mm": "dot", "mv": "dot", "identity": "eye", "true_divide": "divide",
    "concatenate": "hstack", "permute_dims": "transpose", "matrix_transpose": "transpose", "gammaln": "loggamma",
    "lgamma": "loggamma", "log_expit": "logsigmoid", "arctan2": "atan2", "var": "var", "ones_like": "ones_like",
    **{f"arc{f}": f"a{f}" for f in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
}  # fmt: skip
_MATLAB = {
    "tr": "trace", "norm2": "frobenius", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "gammaln": "loggamma",
    "adj": "adjugate", "power": "power", "times": "multiply", "plus": "add", "minus": "subtract", "rdivide": "divide",
    "mtimes": "dot", "dot": "inner", "horzcat": "hstack", "vertcat": "vstack", "logistic": "sigmoid",
    "normF": "frobenius", "length": "len", "numel": "numel", "identity": "eye",
}  # fmt: skip
_MATHEMATICA = {
    "Tr": "trace", "Det": "det", "Inverse": "inv", "LinearSolve": "solve", "Transpose": "transpose", "Total": "Total",
    "LogisticSigmoid": "sigmoid", "Ramp": "relu", "UnitStep": "UnitStep", "Plus": "add", "Subtract": "subtract",
    "Times": "multiply", "Divide": "divide", "Power": "power", "Minus": "negative", "Dot": "dot", "Norm": "norm",
    "IdentityMatrix": "eye", "ConstantArray": "ConstantArray", "DiagonalMatrix": "DiagonalMatrix",
    "Diagonal": "Diagonal", "KroneckerProduct": "kron", "MatrixPower": "matrix_power", "MatrixExp": "expm",
    "PseudoInverse": "pinv", "List /@": "List /@", "Flatten": "Flatten", "Length": "len", "Max": "maximum",
    "Min": "minimum", "Adjugate": "adjugate", "HadamardProduct": "hadamard", "Unitize": "Unitize",
    "UnitVector": "UnitVector", "LogGamma": "loggamma",
}  # fmt: skip
_SYMPY = {
    "Trace": "trace", "Determinant": "det", "Inverse": "inv", "Transpose": "transpose", "HadamardProduct": "hadamard",
    "Abs": "abs", "Max": "maximum", "Min": "minimum", "OneMatrix": "ones", "ZeroMatrix": "zeros", "Identity": "eye",
    "KroneckerProduct": "kron", "Heaviside": "heaviside", "DotProduct": "inner", "HadamardPower": "power",
    "absolute": "abs", "matmul": "dot",
    "Piecewise": "piecewise", "Matrix": "array",
}  # fmt: skip
for _names in (_NUMPY, _MATLAB, _SYMPY):
    _names["ln"] = "log"
ALIASES = {"numpy": _NUMPY, "matlab": _MATLAB, "mathematica": _MATHEMATICA, "sympy": _SYMPY}

_UNSPOKEN = (Piecewise, sympy.re, sympy.conjugate)
ENTRYWISE: dict[str, Any] = {
    f.__name__.lower(): f for f in SCALARS
    if f.__module__.startswith(("sympy.", sigmoid.__module__)) and f not in _UNSPOKEN
} | {
    "log2": lambda t: sympy.log(t) / sympy.log(2), "log10": lambda t: sympy.log(t) / sympy.log(10),
    "exp2": lambda t: 2**t, "square": lambda t: t**2, "reciprocal": lambda t: 1 / t,
    "cbrt": lambda t: sympy.sign(t) * sympy.Abs(t) ** sympy.Rational(1, 3),  # SymPy's is complex below 0
    "logsigmoid": lambda t: -sympy.log(1 + sympy.exp(-t)), "negative": lambda t: -t, "positive": lambda t: t,
    "UnitStep": lambda t: Piecewise((1, t >= 0), (0, True)),
    "Unitize": lambda t: Piecewise((1, sympy.Ne(t, 0)), (0, True)),
}  # fmt: skip


def public() -> dict[str, Callable[..., Any]]:
    """Give the functions that a text may call: the public ones of expressions that take and give expressions."""
    package = sys.modules[_PACKAGE]
    found = {name: getattr(package, name, None) for name in getattr(package, "__all__", ())}
    return {
        name: f for name, f in found.items()
        if inspect.isfunction(f) and plain(f).__module__.startswith(_WING) and name not in _NO_FORMULA
    }  # fmt: skip


def meant(name: str, syntax: str, special: Any) -> str:
    """Give the name of the function that is meant. Raises `ValueError` for one that is not known, with a near one."""
    aliases, known = ALIASES[syntax], {*special, *ENTRYWISE, *public()}
    if name in aliases:
        return aliases[name]
    if syntax == "mathematica":
        plain = name.replace("Arc", "A") if name.startswith("Arc") else name
        if plain.lower() in known and plain[:1].isupper():
            return plain.lower()
    elif name in known and name[:1].islower() and name not in _OF_OTHERS:
        return name
    near = get_close_matches(
        name, [n for n in (*aliases, *(known if syntax != "mathematica" else ())) if n.isidentifier()], 1
    )
    raise ValueError(f"{name} is no function that is known here{_hint(name, near)}")


def knows_head(name: str) -> bool:
    """Tell whether a word is a function of Mathematica's that is read here."""
    plain = name.replace("Arc", "A") if name.startswith("Arc") else name
    return name in _MATHEMATICA or plain.lower() in {*ENTRYWISE, *public()}


_OF_OTHERS = {"frobenius"}


def _hint(name: str, near: list[str]) -> str:
    if name in _NO_FORMULA:
        return "; it takes names or functions, so write it in Python"
    return f"; did you mean {near[0]}?" if near else "; write it with functions of symnet's"
