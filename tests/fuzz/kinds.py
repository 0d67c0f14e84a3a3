"""All kinds of node that a loss can have: how each is written, what it is worth, and which operands it takes.

Three tables, of matrices, of matrices whose entries are bounded or positive, and of scalars. A row is a function of the
generator and a shape that gives a `Tree`, or None where the shape does not suit it; rows of entrywise functions are
text and NumPy only.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from . import formulas as N  # noqa: N812
from .declared_kinds import add_rows as add_declared
from .images import convolutions
from .matrix_kinds import add_rows
from .tree import Tree

SCALAR = ()
Row = Callable[["Generator", tuple[Any, ...]], Tree | None]
MATRICES: dict[str, Row] = {}
SCALARS: dict[str, Row] = {}
LEAVES: dict[str, Row] = {}
NUMBERS: dict[str, Row] = {}


class Generator:
    """Draws trees. `pool`: what was drawn before, to be used again."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.symbols: dict[str, Tree] = {}
        self.pool: list[Tree] = []
        self.count = 0
        self.left = self.random.choice([4, 6, 9, 14, 20])  # how many nodes may still be drawn
        self.letters = self.random.choice(["WXABQRUV", "WXABQRUV", "ZTLHPGYb"])
        self.dims: list[Any] = self.random.choice([[3, 2, 1], [3, 2, 1, "n", "m"], [3, 2, "n"], [3, 3, 3, 2]])
        self.sizes = {"n": self.random.choice([5, 5, 4, 1, 3]), "m": self.random.choice([4, 4, 2, 1])}

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def size(self) -> Any:
        return self.random.choice(self.dims)

    def fresh(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def symbol(self, shape: tuple[Any, ...]) -> Tree:
        """Give a symbol of a shape, one that is there already or a new one."""
        there = [s for s in self.symbols.values() if s.shape == shape and s.kind == "symbol"]
        if there and self.random.random() < 0.6:
            return self.random.choice(there)
        if shape == SCALAR:
            name = self.pick("lam", "alpha", "beta")
            text = f'sympy.Symbol("{name}"{", real=True" if name == "beta" else ""})'
            draw = lambda rng, _: np.round(rng.uniform(0.4, 1.3), 3)
        else:
            name = self.fresh(self.random.choice(self.letters))
            text = f'sn.matrix("{name}", {shape[0]}, {shape[1]})'
            draw = lambda rng, shape: np.round(rng.normal(size=shape) * 0.6, 3)
        return self._symbol("symbol", name, shape, text, draw)

    def target(self, shape: tuple[Any, ...], axis: int) -> Tree:
        """Give a symbol whose columns (axis 0) or rows (axis 1) are one-hot."""
        name = self.fresh("Y")

        def one_hot(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
            found = np.eye(shape[axis])[:, rng.integers(shape[axis], size=shape[1 - axis])]
            return found if axis == 0 else found.T

        return self._symbol("target", name, shape, f'sn.matrix("{name}", {shape[0]}, {shape[1]})', one_hot)

    def _symbol(self, kind: str, name: str, shape: tuple[Any, ...], text: str, draw: Any) -> Tree:
        return self.symbols.setdefault(name, Tree(kind, shape, text, lambda p: p.values[name], (), name, draw))

    def matrix(self, rows: Any, cols: Any) -> Tree:
        """Give a matrix of a shape."""
        return self._drawn(MATRICES, LEAVES, (rows, cols), lambda shape: self.symbol(shape))

    def scalar(self) -> Tree:
        """Give a scalar."""
        return self._drawn(SCALARS, NUMBERS, SCALAR, lambda shape: self.symbol(shape))

    def _drawn(self, table: dict[str, Row], leaves: dict[str, Row], shape: Any, last: Callable[[Any], Tree]) -> Tree:
        same = [t for t in self.pool if t.shape == shape]
        if same and self.random.random() < 0.15:
            return self.random.choice(same)
        self.left -= 1
        if self.left <= 0:
            rows = leaves if self.random.random() < 0.25 else {}
        else:
            rows = table
        for _ in range(6 if rows else 0):
            kind = self.random.choice(list(rows))
            found = rows[kind](self, shape)
            if found is not None:
                self.pool.append(found)
                return found
        return last(shape)

    def bounded(self, rows: Any, cols: Any) -> Tree:
        """Give a matrix whose entries are between -1 and 1."""
        return entrywise(self, (rows, cols), self.pick("tanh", "sin", "sigmoid"))

    def positive(self, rows: Any, cols: Any) -> Tree:
        """Give a matrix whose entries are well above 0."""
        return entrywise(
            self, (rows, cols), self.pick("one plus square", "sigmoid", "exp of minus a square", "shifted cosine")
        )


def node(kind: str, shape: Any, text: str, value: Callable[..., Any], *operands: Tree) -> Tree:
    return Tree(kind, shape, text, value, operands)


def row(table: dict[str, Row], name: str) -> Callable[[Row], Row]:
    def register(make: Row) -> Row:
        table[name] = make
        return make

    return register


def simple(
    table: dict[str, Row],
    name: str,
    text: str,
    value: Callable[..., Any],
    shapes: Callable[[Any], Any],
    suits: Callable[[Any], bool] = lambda shape: True,
) -> None:
    """Add a row whose operands are matrices of the shapes that `shapes` gives, a scalar where it gives ()."""

    def make(g: Generator, shape: Any) -> Tree | None:
        if not suits(shape):
            return None
        wanted = shapes(g) if shape == SCALAR else shapes(shape)
        return node(name, shape, text, value, *[g.matrix(*s) if s else g.scalar() for s in wanted])

    table[name] = make


# -- leaves


@row(LEAVES, "ones")
def _ones(g: Generator, s: Any) -> Tree | None:
    return node("ones", s, f"OneMatrix({s[0]}, {s[1]})", lambda p: np.ones(p.shape(s)))


@row(LEAVES, "zeros")
def _zeros(g: Generator, s: Any) -> Tree | None:
    return node("zeros", s, f"ZeroMatrix({s[0]}, {s[1]})", lambda p: np.zeros(p.shape(s)))


@row(LEAVES, "identity")
def _identity(g: Generator, s: Any) -> Tree | None:
    return node("identity", s, f"Identity({s[0]})", lambda p: np.eye(p.number(s[0]))) if s[0] == s[1] else None


@row(LEAVES, "explicit")
def _explicit(g: Generator, s: Any) -> Tree | None:
    if not all(isinstance(size, int) for size in s):
        return None
    entries = [[g.random.randint(-3, 3) for _ in range(s[1])] for _ in range(s[0])]
    way = g.pick("ImmutableMatrix({})", "Matrix({})")
    return node("explicit", s, way.format(entries), lambda p: np.array(entries, float))


@row(LEAVES, "unit")
def _unit(g: Generator, s: Any) -> Tree | None:
    i = 0 if isinstance(s[0], str) else g.random.randrange(s[0])

    def value(p: Any) -> Any:
        found = np.zeros(p.shape(s))
        found[i, :] = 1
        return found

    return node("unit", s, f"(sn.unit({s[0]}, {i})*OneMatrix(1, {s[1]}))", value)


NUMBER = {"2": 2, "(-1)": -1, "3": 3, "Rational(1, 2)": 0.5, "Rational(-2, 3)": -2 / 3, "0.3": 0.3, "(-1.5)": -1.5,
          "sympy.sqrt(2)": 2**0.5, "(sympy.pi/4)": np.pi / 4, "Integer(0)": 0, "Integer(1)": 1, "sympy.Float(0.25)": 0.25}  # fmt: skip


@row(NUMBERS, "number")
def _number(g: Generator, s: Any) -> Tree | None:
    text = g.pick(*NUMBER)
    return node("number", SCALAR, text, lambda p: np.float64(NUMBER[text]))


@row(NUMBERS, "size")
def _size(g: Generator, s: Any) -> Tree | None:
    name = g.pick("n", "m")
    if not any(name in symbol.shape for symbol in g.symbols.values()):
        return None
    text, f = g.pick(("{}", lambda x: x), ("(1/{})", lambda x: 1 / x), ("(1/sympy.sqrt({}))", lambda x: x**-0.5))
    return node("size", SCALAR, text.format(name), lambda p: np.float64(f(p.number(name))))


# -- entrywise functions of one matrix: how they are written, and what they are
def _cases(p: Any, a: Any) -> Any:
    p.near(a - 1), p.near(a + 1)
    return np.where((np.real(a) > -1) & (np.real(a) < 1), a, np.sin(a))


def _huber(p: Any, a: Any) -> Any:
    p.near(np.abs(np.real(a)) - 1)
    return np.where(np.abs(np.real(a)) <= 1, a * a / 2, np.where(np.real(a) < 0, -a, a) - 0.5)


ONE: dict[str, tuple[str, Callable[..., Any]]] = {
    "tanh": ("sn.tanh({0})", lambda p, a: np.tanh(a)),
    "sigmoid": ("sn.sigmoid({0})", lambda p, a: N.sigmoid(a)),
    "sin": ("sn.sin({0})", lambda p, a: np.sin(a)),
    "cos": ("sn.cos({0})", lambda p, a: np.cos(a)),
    "relu": ("sn.relu({0})", N.relu),
    "softplus": ("sn.softplus({0})", lambda p, a: N.softplus(a)),
    "silu": ("sn.silu({0})", lambda p, a: a * N.sigmoid(a)),
    "abs": ("sn.abs({0})", N.absolute),
    "built-in abs": ("abs(sn.sin({0}))", lambda p, a: N.absolute(p, np.sin(a))),
    "sign": ("sn.sign({0})", N.sign),
    "leaky relu": ("sn.leaky_relu({0}, Rational(1, 10))", lambda p, a: np.where(p.near(a) > 0, a, a / 10)),
    "square": ("sn.elementwise(lambda t: t**2, {0})", lambda p, a: a * a),
    "cubic": ("sn.elementwise(lambda t: t**3 - t, {0})", lambda p, a: a**3 - a),
    "one plus square": ("sn.elementwise(lambda t: 1 + t**2, {0})", lambda p, a: 1 + a * a),
    "shifted cosine": ("sn.elementwise(lambda t: 2 + cos(t), {0})", lambda p, a: 2 + np.cos(a)),
    "exp of minus a square": ("sn.exp(-HadamardProduct({0}, {0}))", lambda p, a: np.exp(-a * a)),
    "log of one plus square": ("sn.elementwise(lambda t: log(1 + t**2), {0})", lambda p, a: np.log(1 + a * a)),
    "root of one plus square": ("sn.sqrt(sn.elementwise(lambda t: 1 + t*t, {0}))", lambda p, a: np.sqrt(1 + a * a)),
    "log of sigmoid": ("sn.log(sn.sigmoid({0}))", lambda p, a: -N.softplus(-a)),
    "log of one minus sigmoid": ("sn.elementwise(lambda t: log(1 - 1/(1 + exp(-t))), {0})", lambda p, a: -N.softplus(a)),
    "sigmoid by hand": ("sn.elementwise(lambda t: 1/(1 + exp(-2*t)), {0})", lambda p, a: N.sigmoid(2 * a)),
    "sigmoid by hand, halved": ("sn.elementwise(lambda t: 1/(2 + 2*exp(t)), {0})", lambda p, a: N.sigmoid(-a) / 2),
    "sigmoid slope by hand": (
        "sn.elementwise(lambda t: exp(t)/(1 + exp(t))**2, {0})", lambda p, a: N.sigmoid(a) * N.sigmoid(-a),
    ),
    "softplus by hand": ("sn.elementwise(lambda t: log(1 + exp(t)), {0})", lambda p, a: N.softplus(a)),
    "softplus, shifted": (
        "sn.elementwise(lambda t: log(2 + exp(t)), {0})", lambda p, a: np.log(2) + N.softplus(a - np.log(2)),
    ),
    "root of a square": ("sn.elementwise(lambda t: sympy.sqrt(t**2), {0})", N.absolute),
    "atan": ("sn.elementwise(sympy.atan, {0})", lambda p, a: N.arctan(a)),
    "asinh": ("sn.elementwise(sympy.asinh, {0})", lambda p, a: N.arcsinh(a)),
    "sech": ("sn.elementwise(sympy.sech, {0})", lambda p, a: 1 / np.cosh(a)),
    "erf": ("sn.elementwise(sympy.erf, {0})", lambda p, a: N.erf(a)),
    "gelu": ("sn.elementwise(lambda t: t*(1 + erf(t/sympy.sqrt(2)))/2, {0})", lambda p, a: a * (1 + N.erf(a / 2**0.5)) / 2),
    "one minus tanh squared": ("sn.elementwise(lambda t: 1 - sympy.tanh(t)**2, {0})", lambda p, a: 1 - np.tanh(a) ** 2),
    "Huber": (
        "sn.elementwise(lambda t: Piecewise((t**2/2, Abs(t) <= 1), (Abs(t) - Rational(1, 2), True)), {0})", _huber,
    ),
    "cases": ("sn.elementwise(lambda t: Piecewise((t, (t > -1) & (t < 1)), (sympy.sin(t), True)), {0})", _cases),
    "clip": (
        "sn.elementwise(lambda t: Min(Max(t, -1), 1), {0})",
        lambda p, a: np.where(p.near(a - 1) > 0, 1, np.where(p.near(a + 1) < 0, -1, a)),
    ),
    "largest of three": (
        "sn.elementwise(lambda t: Max(t, t**2, Rational(1, 3)), {0})",
        lambda p, a: N.maximum(p, N.maximum(p, a, a * a), np.full(np.shape(a), 1 / 3)),
    ),
    "Heaviside": ("sn.elementwise(Heaviside, {0})", lambda p, a: np.heaviside(p.near(a), 0.5)),
    "applyfunc": ("({0}).applyfunc(sympy.tanh)", lambda p, a: np.tanh(a)),
    "applyfunc of a Lambda": (
        '({0}).applyfunc(Lambda(sympy.Symbol("x"), sympy.Symbol("x")*sympy.sin(sympy.Symbol("x"))))',
        lambda p, a: a * np.sin(a),
    ),
    "Hadamard square": ("HadamardPower({0}, 2)", lambda p, a: a**2),
    "Hadamard cube": ("HadamardPower({0}, 3)", lambda p, a: a**3),
    "minus": ("(-({0}))", lambda p, a: -a),
    "half": ("({0}/2)", lambda p, a: a / 2),
    "a number beside a node": ("(1 - sn.sigmoid({0}))", lambda p, a: 1 - N.sigmoid(a)),
    "a number behind a node": ("(sn.tanh({0}) + 2)", lambda p, a: np.tanh(a) + 2),
    "twice, together": ("(sn.tanh({0}) + {0} - 2*sn.tanh({0}))", lambda p, a: a - np.tanh(a)),
}  # fmt: skip
OF_POSITIVE: dict[str, tuple[str, Callable[..., Any]]] = {
    "log": ("sn.log({0})", lambda p, a: np.log(a)),
    "root": ("sn.sqrt({0})", lambda p, a: np.sqrt(a)),
    "inverse root": ("HadamardPower({0}, Rational(-1, 2))", lambda p, a: a**-0.5),
    "reciprocal": ("HadamardPower({0}, -1)", lambda p, a: 1 / a),
    "loggamma": ("sn.elementwise(loggamma, {0})", lambda p, a: N.loggamma(a)),
    "power": ("sn.elementwise(lambda t: t**1.5, {0})", lambda p, a: a**1.5),
    "x log x": ("sn.hadamard({0}, sn.log({0}))", lambda p, a: a * np.log(a)),
}
OF_BOUNDED: dict[str, tuple[str, Callable[..., Any]]] = {
    "exp": ("sn.exp({0})", lambda p, a: np.exp(a)),
    "sinh": ("sn.elementwise(sympy.sinh, {0})", lambda p, a: np.sinh(a)),
    "atanh": ("sn.elementwise(lambda t: sympy.atanh(t/2), {0})", lambda p, a: np.arctanh(a / 2)),
    "asin": ("sn.elementwise(lambda t: sympy.asin(t/2), {0})", lambda p, a: np.arcsin(a / 2)),
    "exponential unit": (
        "sn.elementwise(lambda t: Piecewise((t, t > 0), (exp(t) - 1, True)), {0})",
        lambda p, a: np.where(p.near(a) > 0, a, np.exp(a) - 1),
    ),
    "2 to the": ("sn.elementwise(lambda t: 2**t, {0})", lambda p, a: 2**a),
}


def entrywise(g: Generator, s: Any, kind: str) -> Tree:
    text, f = ONE[kind]
    return node(kind, s, text, f, g.matrix(*s))


def _entrywise_rows() -> None:
    for kind in ONE:
        MATRICES[kind] = lambda g, s, kind=kind: entrywise(g, s, kind)
    for kind, (text, f) in OF_POSITIVE.items():
        MATRICES[kind] = lambda g, s, kind=kind, text=text, f=f: node(kind, s, text, f, g.positive(*s))
    for kind, (text, f) in OF_BOUNDED.items():
        MATRICES[kind] = lambda g, s, kind=kind, text=text, f=f: node(kind, s, text, f, g.bounded(*s))


_entrywise_rows()

# -- entrywise functions of two and more
TWO: dict[str, tuple[str, Callable[..., Any]]] = {
    "plus": ("({0} + {1})", lambda p, a, b: a + b),
    "difference": ("({0} - {1})", lambda p, a, b: a - b),
    "Hadamard": ("HadamardProduct({0}, {1})", lambda p, a, b: a * b),
    "hadamard of three": ("sn.hadamard({0}, {1}, {0})", lambda p, a, b: a * b * a),
    "entrywise quotient": (
        "HadamardProduct({0}, sn.elementwise(lambda t: 1/(1 + t**2), {1}))", lambda p, a, b: a / (1 + b * b),
    ),
    "maximum": ("sn.elementwise(Max, {0}, {1})", N.maximum),
    "minimum": ("sn.elementwise(Min, {0}, {1})", N.minimum),
    "two arguments": (
        "sn.elementwise(lambda p, q: p*sympy.sin(q)/(1 + p**2), {0}, {1})", lambda p, a, b: a * np.sin(b) / (1 + a * a),
    ),
    "cases of two": (
        "sn.elementwise(lambda p, q: Piecewise((p*q, p > q), (q**2/2 + p**2/2, True)), {0}, {1})",
        lambda p, a, b: np.where(p.near(a - b) > 0, a * b, b * b / 2 + a * a / 2),
    ),
    "length": (
        "sn.elementwise(lambda p, q: sympy.sqrt(1 + p**2 + q**2), {0}, {1})", lambda p, a, b: np.sqrt(1 + a * a + b * b),
    ),
    "bell": ("sn.elementwise(lambda p, q: exp(-(p - q)**2), {0}, {1})", lambda p, a, b: np.exp(-((a - b) ** 2))),
    "two exponentials": (
        "sn.elementwise(lambda p, q: log(exp(p) + exp(q)), {0}, {1})", lambda p, a, b: b + N.softplus(a - b),
    ),
    "angle": (
        "sn.elementwise(lambda p, q: sympy.atan2(p, 1 + q**2), {0}, {1})",
        lambda p, a, b: N.arctan2(a, 1 + b * b) if np.iscomplexobj(a * b) else np.arctan2(a, 1 + b * b),
    ),
    "a difference that vanishes": ("({0} + {1} - {0})", lambda p, a, b: a + b - a),
}  # fmt: skip
for _kind, (_text, _f) in TWO.items():
    simple(MATRICES, _kind, _text, _f, lambda s: [s, s])
simple(MATRICES, "three arguments", "sn.elementwise(lambda p, q, r: p*q + sympy.sin(q*r), {0}, {1}, {2})",
       lambda p, a, b, c: a * b + np.sin(b * c), lambda s: [s] * 3)  # fmt: skip
simple(MATRICES, "largest of three matrices", "sn.elementwise(Max, {0}, {1}, {2})",
       lambda p, a, b, c: N.maximum(p, N.maximum(p, a, b), c), lambda s: [s] * 3)  # fmt: skip
simple(MATRICES, "sum of many", "({0} + 2*{1} - {2}/3 + {3})",
       lambda p, a, b, c, d: a + 2 * b - c / 3 + d, lambda s: [s] * 4)  # fmt: skip
simple(MATRICES, "times a scalar", "({1}*{0})", lambda p, a, c: c * a, lambda s: [s, ()])
simple(MATRICES, "over a scalar", "({0}/(1 + {1}**2))", lambda p, a, c: a / (1 + c * c), lambda s: [s, ()])
simple(MATRICES, "scalar argument", "sn.elementwise(lambda t, q: t*q + sympy.sin(q*t), {0}, {1})",
       lambda p, a, c: a * c + np.sin(c * a), lambda s: [s, ()])  # fmt: skip
simple(MATRICES, "scalar in the body", "sn.elementwise(lambda t: t*{1} + sympy.cos(t), {0})",
       lambda p, a, c: a * c + np.cos(a), lambda s: [s, ()])  # fmt: skip
simple(MATRICES, "scalar in a case", "sn.elementwise(lambda t: Piecewise((t*{1}, t > Rational(1, 7)), (t**2, True)), {0})",
       lambda p, a, c: np.where(p.near(a - 1 / 7) > 0, a * c, a * a), lambda s: [s, ()])  # fmt: skip
simple(MATRICES, "transposed twice", "({0}.T + {1}.T).T", lambda p, a, b: a + b, lambda s: [s, s])
simple(MATRICES, "transpose", "({0}).T", lambda p, a: a.T, lambda s: [s[::-1]])
simple(MATRICES, "symmetric", "({0} + ({0}).T)", lambda p, a: a + a.T, lambda s: [s], lambda s: s[0] == s[1])
simple(MATRICES, "Gram", "(({0}).T*({0}))", lambda p, a: a.T @ a, lambda s: [(2, s[0])], lambda s: s[0] == s[1])
simple(MATRICES, "matrix square", "(({0})**2)", lambda p, a: a @ a, lambda s: [s], lambda s: s[0] == s[1])
simple(MATRICES, "matrix cube", "(sn.tanh({0})**3)", lambda p, a: np.tanh(a) @ np.tanh(a) @ np.tanh(a), lambda s: [s],
       lambda s: s[0] == s[1])  # fmt: skip


@row(MATRICES, "leaky relu, trained")
def _leaky(g: Generator, s: Any) -> Tree | None:
    return node("leaky relu, trained", s, "sn.leaky_relu({0}, {1})",
                lambda p, a, c: c * a + (1 - c) * N.relu(p, a), g.matrix(*s), g.symbol(SCALAR))  # fmt: skip


@row(MATRICES, "trained power")
def _trained_power(g: Generator, s: Any) -> Tree | None:
    power = lambda p, a, c: (p.near(a), a**c)[1]  # noqa: E731  # at 0 its slope has no end
    return node("trained power", s, "HadamardPower({0}, {1})", power, g.positive(*s), g.symbol(SCALAR))


@row(MATRICES, "product")
def _product(g: Generator, s: Any) -> Tree | None:
    k = g.size()
    return node("product", s, "(({0})*({1}))", lambda p, a, b: a @ b, g.matrix(s[0], k), g.matrix(k, s[1]))


@row(MATRICES, "product of three")
def _product3(g: Generator, s: Any) -> Tree | None:
    j, k = g.size(), g.size()
    return node("product of three", s, "(({0})*({1})*({2}))", lambda p, a, b, c: a @ b @ c,
                g.matrix(s[0], j), g.matrix(j, k), g.matrix(k, s[1]))  # fmt: skip


@row(MATRICES, "product with a transpose")
def _product_t(g: Generator, s: Any) -> Tree | None:
    k = g.size()
    return node(
        "product with a transpose", s, "(({0}).T*({1}))", lambda p, a, b: a.T @ b, g.matrix(k, s[0]), g.matrix(k, s[1])
    )


@row(MATRICES, "relu_dot")
def _relu_dot(g: Generator, s: Any) -> Tree | None:
    k = g.size()
    return node(
        "relu_dot", s, "sn.relu_dot({0}, {1})", lambda p, a, b: N.relu(p, a @ b), g.matrix(s[0], k), g.matrix(k, s[1])
    )


@row(MATRICES, "affine")
def _affine(g: Generator, s: Any) -> Tree | None:
    k = g.size()
    return node("affine", s, "sn.affine({0}, {1}, {2})", lambda p, W, X, b: W @ X + b,
                g.matrix(s[0], k), g.matrix(k, s[1]), g.matrix(s[0], 1))  # fmt: skip


@row(MATRICES, "affine of rows")
def _affine_rows(g: Generator, s: Any) -> Tree | None:
    k = g.size()
    return node("affine of rows", s, "sn.affine({0}, {1}, {2}, axis=1)", lambda p, W, X, b: X @ W + b,
                g.matrix(k, s[1]), g.matrix(s[0], k), g.matrix(1, s[1]))  # fmt: skip


@row(MATRICES, "spread column")
def _spread(g: Generator, s: Any) -> Tree | None:
    return node(
        "spread column",
        s,
        f"(({{0}})*OneMatrix(1, {s[1]}))",
        lambda p, a: a @ np.ones((1, p.number(s[1]))),
        g.matrix(s[0], 1),
    )


@row(MATRICES, "spread row")
def _spread_row(g: Generator, s: Any) -> Tree | None:
    return node(
        "spread row",
        s,
        f"(OneMatrix({s[0]}, 1)*({{0}}))",
        lambda p, a: np.ones((p.number(s[0]), 1)) @ a,
        g.matrix(1, s[1]),
    )


@row(MATRICES, "outer")
def _outer(g: Generator, s: Any) -> Tree | None:
    return node("outer", s, "(({0})*({1}).T)", lambda p, a, b: a @ b.T, g.matrix(s[0], 1), g.matrix(s[1], 1))


@row(MATRICES, "let")
def _let(g: Generator, s: Any) -> Tree | None:
    return node("let", s, f'sn.let("{g.fresh("H")}", {{0}})', lambda p, a: a, g.matrix(*s))


@row(MATRICES, "scalar times ones")
def _scaled_ones(g: Generator, s: Any) -> Tree | None:
    return node(
        "scalar times ones", s, f"(({{0}})*OneMatrix({s[0]}, {s[1]}))", lambda p, c: c * np.ones(p.shape(s)), g.scalar()
    )


@row(MATRICES, "scalar times identity")
def _scaled_identity(g: Generator, s: Any) -> Tree | None:
    if s[0] != s[1]:
        return None
    return node("scalar times identity", s, f"(({{0}})*Identity({s[0]}) + {{1}})",
                lambda p, c, a: c * np.eye(p.number(s[0])) + a, g.scalar(), g.matrix(*s))  # fmt: skip


for _name, _f in {"softmax": N.softmax, "log_softmax": N.log_softmax}.items():

    @row(MATRICES, _name)
    def _normalised(g: Generator, s: Any, name: str = _name, f: Any = _f) -> Tree | None:
        axis = g.pick(0, 1)
        return node(name, s, f"sn.{name}({{0}}, axis={axis})", lambda p, a: f(a, axis), g.matrix(*s))


_AXIS = {
    "logsumexp": ("sn.logsumexp({0}, axis={axis})", lambda p, a, axis: N.logsumexp(a, axis)),
    "sum along an axis": ("sn.sum({0}, axis={axis})", lambda p, a, axis: a.sum(axis, keepdims=True)),
    "mean along an axis": ("sn.mean({0}, axis={axis})", lambda p, a, axis: a.mean(axis, keepdims=True)),
    "log of sums by hand": ("sn.log(sn.sum(sn.exp({0}), axis={axis}))", lambda p, a, axis: N.logsumexp(a, axis)),
}
for _name, (_text, _f) in _AXIS.items():

    @row(MATRICES, _name)
    def _reduced(g: Generator, s: Any, name: str = _name, text: str = _text, f: Any = _f) -> Tree | None:
        axis = g.pick(0, 1)
        if s[axis] != 1:  # spread to the shape that is wanted
            axis = g.pick(*[k for k in (0, 1)])
            inner = (g.size(), s[1]) if axis == 0 else (s[0], g.size())
            ones = f"(OneMatrix({s[0]}, 1)*{text})" if axis == 0 else f"({text}*OneMatrix(1, {s[1]}))"
            return node(name, s, ones.replace("{axis}", str(axis)),
                        lambda p, a: f(p, a, axis) * np.ones(p.shape(s)), g.matrix(*inner))  # fmt: skip
        inner = (g.size(), s[1]) if axis == 0 else (s[0], g.size())
        return node(name, s, text.replace("{axis}", str(axis)), lambda p, a: f(p, a, axis), g.matrix(*inner))


@row(MATRICES, "centred")
def _centred(g: Generator, s: Any) -> Tree | None:
    text = f"({{0}} - sn.mean({{0}}, axis=1)*OneMatrix(1, {s[1]}))"
    return node("centred", s, text, lambda p, a: a - a.mean(1, keepdims=True), g.matrix(*s))


@row(MATRICES, "softmax by hand")
def _softmax_by_hand(g: Generator, s: Any) -> Tree | None:
    text = f"HadamardProduct(sn.exp({{0}}), HadamardPower(OneMatrix({s[0]}, 1)*sn.sum(sn.exp({{0}}), axis=0), -1))"
    return node("softmax by hand", s, text, lambda p, a: N.softmax(a, 0), g.matrix(*s))


@row(MATRICES, "log of softmax")
def _log_of_softmax(g: Generator, s: Any) -> Tree | None:
    axis = g.pick(0, 1)
    return node(
        "log of softmax",
        s,
        f"sn.log(sn.softmax({{0}}, axis={axis}))",
        lambda p, a: N.log_softmax(a, axis),
        g.matrix(*s),
    )


def _shifted(p: Any, a: Any) -> Any:
    return np.tanh(a) + 5 * np.eye(len(a))


for _name, _text, _f in [
    ("inverse", "Inverse(sn.tanh({0}) + 5*Identity({{}}))", lambda p, a: np.linalg.inv(_shifted(p, a))),
    ("inverse, as a power", "((sn.tanh({0}) + 5*Identity({{}}))**-1)", lambda p, a: np.linalg.inv(_shifted(p, a))),
    ("negative power", "((sn.tanh({0}) + 5*Identity({{}}))**-2)",
     lambda p, a: np.linalg.inv(_shifted(p, a)) @ np.linalg.inv(_shifted(p, a))),
]:  # fmt: skip

    @row(MATRICES, _name)
    def _inverted(g: Generator, s: Any, name: str = _name, text: str = _text, f: Any = _f) -> Tree | None:
        if s[0] != s[1]:
            return None
        return node(name, s, text.replace("{{}}", str(s[0])), f, g.matrix(*s))


# -- scalars of matrices
OF_ONE: dict[str, tuple[str, Callable[..., Any]]] = {
    "sum": ("sn.sum({0})", lambda p, a: a.sum()),
    "mean": ("sn.mean({0})", lambda p, a: a.mean()),
    "norm": ("sn.norm({0})", N.norm),
    "norm squared": ("(sn.norm({0})**2)", lambda p, a: (a * a).sum()),
    "smooth norm": ("sympy.sqrt(1 + sn.norm({0})**2)", lambda p, a: np.sqrt(1 + (a * a).sum())),
    "norm1": ("sn.norm1({0})", lambda p, a: N.absolute(p, a).sum()),
    "Frobenius by trace": ("Trace(({0}).T*({0}))", lambda p, a: (a * a).sum()),
    "normed and summed": ("sn.sum(({0})/sympy.sqrt(1 + sn.sum(HadamardProduct({0}, {0}))))",
                          lambda p, a: (a / np.sqrt(1 + (a * a).sum())).sum()),
    "logsumexp of all entries": ("sn.logsumexp({0}, axis=None)", lambda p, a: N.logsumexp(a.reshape(-1, 1), 0)[0, 0]),
    "log of summed exponentials": ("sympy.log(sn.sum(sn.exp({0})))", lambda p, a: N.logsumexp(a.reshape(-1, 1), 0)[0, 0]),
    "entry": ("sn.entry({0}, 0, 0)", lambda p, a: a[0, 0]),
    "entry by index": ("sn.tanh({0})[0, 0]", lambda p, a: np.tanh(a[0, 0])),
    "entropy": ("-sn.sum(sn.hadamard(sn.softmax({0}, axis=0), sn.log_softmax({0}, axis=0)))",
                lambda p, a: -(N.softmax(a, 0) * N.log_softmax(a, 0)).sum()),
}  # fmt: skip
for _kind, (_text, _f) in OF_ONE.items():
    simple(SCALARS, _kind, _text, _f, lambda g: [(g.size(), g.size())])
OF_TWO: dict[str, tuple[str, Callable[..., Any]]] = {
    "inner": ("sn.inner({0}, {1})", lambda p, a, b: (a * b).sum()),
    "inner by trace": ("Trace(({0}).T*({1}))", lambda p, a, b: (a * b).sum()),
    "trace of a product": ("Trace(({0})*({1}).T)", lambda p, a, b: (a * b).sum()),
    "mse": ("sn.mse({0}, {1})", lambda p, a, b: ((a - b) ** 2).mean()),
    "distance": ("sn.norm({0} - {1})", lambda p, a, b: N.norm(p, a - b)),
    "binary cross-entropy": ("sn.binary_cross_entropy({0}, sn.sigmoid({1}), axis=0)",
                             lambda p, a, b: (N.softplus(a) - N.sigmoid(b) * a).sum() / a.shape[1]),
    "binary cross-entropy by hand": (
        "(-sn.sum(sn.hadamard(sn.sigmoid({1}), sn.log(sn.sigmoid({0}))) "
        "+ sn.hadamard(sn.sigmoid(-({1})), sn.log(sn.sigmoid(-({0}))))))",
        lambda p, a, b: (N.sigmoid(b) * N.softplus(-a) + N.sigmoid(-b) * N.softplus(a)).sum(),
    ),
    "cosine": ("(sn.inner({0}, {1})/(1 + sn.norm({0})*sn.norm({1})))",
               lambda p, a, b: (a * b).sum() / (1 + N.norm(p, a) * N.norm(p, b))),
}  # fmt: skip


def _two_alike(name: str, text: str, f: Any) -> None:
    def make(g: Generator, s: Any) -> Tree | None:
        shape = (g.size(), g.size())
        return node(name, s, text, f, g.matrix(*shape), g.matrix(*shape))

    SCALARS[name] = make


for _kind, (_text, _f) in OF_TWO.items():
    _two_alike(_kind, _text, _f)

OF_SQUARE: dict[str, tuple[str, Callable[..., Any]]] = {
    "trace": ("Trace({0})", lambda p, a: np.trace(a)),
    "trace of a square": ("Trace(({0})**2)", lambda p, a: np.trace(a @ a)),
    "log of a determinant": ("sympy.log(Determinant(sn.tanh({0}) + 5*Identity({size})))",
                             lambda p, a: np.log(np.linalg.det(_shifted(p, a)))),
    "determinant": ("Determinant(sn.tanh({0}) + 5*Identity({size}))", lambda p, a: np.linalg.det(_shifted(p, a))),
    "log det of a Gram matrix": ("sympy.log(Determinant(({0})*({0}).T + Identity({size})))",
                                 lambda p, a: np.log(np.linalg.det(p.rounded(a @ a.T + np.eye(len(a)))))),
    "trace of an inverse": ("Trace(Inverse(sn.tanh({0}) + 5*Identity({size})))",
                            lambda p, a: np.trace(np.linalg.inv(_shifted(p, a)))),
}  # fmt: skip
for _kind, (_text, _f) in OF_SQUARE.items():

    @row(SCALARS, _kind)
    def _square(g: Generator, s: Any, kind: str = _kind, text: str = _text, f: Any = _f) -> Tree | None:
        k = g.size()
        return node(kind, s, text.replace("{size}", str(k)), f, g.matrix(k, k))


@row(SCALARS, "squared_error")
def _squared_error(g: Generator, s: Any) -> Tree | None:
    shape, axis = (g.size(), g.size()), g.pick(0, 1)
    return node("squared_error", s, f"sn.squared_error({{0}}, {{1}}, axis={axis})",
                lambda p, a, b: ((a - b) ** 2).sum() / (2 * a.shape[1 - axis]), g.matrix(*shape), g.matrix(*shape))  # fmt: skip


@row(SCALARS, "cross_entropy")
def _cross_entropy(g: Generator, s: Any) -> Tree | None:
    shape, axis = (g.pick(3, 2), g.size()), g.pick(0, 1)
    shape = shape if axis == 0 else shape[::-1]
    if g.pick(True, False):
        text, Y = f"sn.cross_entropy({{0}}, {{1}}, axis={axis})", g.target(shape, axis)
    else:
        text, Y = f"sn.cross_entropy({{0}}, sn.softmax({{1}}, axis={axis}), axis={axis})", g.matrix(*shape)

    def value(p: Any, a: Any, b: Any) -> Any:
        target = b if Y.kind == "target" else N.softmax(b, axis)
        return -(target * N.log_softmax(a, axis)).sum() / a.shape[1 - axis]

    return node("cross_entropy", s, text, value, g.matrix(*shape), Y)


@row(SCALARS, "cross-entropy by hand")
def _cross_entropy_by_hand(g: Generator, s: Any) -> Tree | None:
    shape = (g.size(), g.size())
    return node("cross-entropy by hand", s, "(-sn.sum(sn.hadamard(sn.sigmoid({1}), sn.log(sn.softmax({0}, axis=0)))))",
                lambda p, a, b: -(N.sigmoid(b) * N.log_softmax(a, 0)).sum(), g.matrix(*shape), g.matrix(*shape))  # fmt: skip


@row(SCALARS, "entries of a symbol")
def _entries(g: Generator, s: Any) -> Tree | None:
    return node("entries of a symbol", s, "({0}[1, 0]*{0}[2, 1])", lambda p, a: a[1, 0] * a[2, 1], g.symbol((3, 2)))


@row(SCALARS, "attention")
def _attention(g: Generator, s: Any) -> Tree | None:
    k, shape = g.size(), (2, g.size())
    return node("attention", s, "sn.norm(({0})*sn.softmax(({1}).T*({2})/sympy.sqrt(2)))**2",
                lambda p, V, K, Q: ((V @ N.softmax(K.T @ Q / 2**0.5, 0)) ** 2).sum(),
                g.matrix(k, shape[1]), g.matrix(*shape), g.matrix(*shape))  # fmt: skip


@row(SCALARS, "quadratic form")
def _quadratic(g: Generator, s: Any) -> Tree | None:
    k = g.size()
    text = g.pick("(({0}).T*({1})*({0}))[0, 0]", "Trace(({0}).T*({1})*({0}))", "sn.sum(({0}).T*({1})*({0}))")
    return node("quadratic form", s, text, lambda p, x, A: (x.T @ A @ x)[0, 0], g.matrix(k, 1), g.matrix(k, k))


for _name, _text, _f in [
    ("exp of one by one", "sympy.exp(-sn.tanh({0}).T*sn.tanh({1}))", lambda a: np.exp(-a)),
    ("sin of one by one", "sympy.sin(sn.tanh({0}).T*sn.tanh({1}))", np.sin),
    ("softplus of one by one", "sympy.log(1 + sympy.exp(sn.tanh({0}).T*sn.tanh({1})))", N.softplus),
    ("sn.exp of one by one", "sn.sum(sn.exp(sn.tanh({0}).T*sn.tanh({1})))", np.exp),
    ("one by one, indexed", "(sn.tanh({0}).T*sn.tanh({1}))[0, 0]", lambda a: a),
]:

    @row(SCALARS, _name)
    def _one_by_one(g: Generator, s: Any, name: str = _name, text: str = _text, f: Any = _f) -> Tree | None:
        k = g.size()
        return node(name, s, text, lambda p, a, b: f((np.tanh(a).T @ np.tanh(b))[0, 0]), g.matrix(k, 1), g.matrix(k, 1))


@row(SCALARS, "DotProduct")
def _dot(g: Generator, s: Any) -> Tree | None:
    k = g.pick(3, 2)
    return node(
        "DotProduct", s, "DotProduct({0}, {1})", lambda p, a, b: (a * b).sum(), g.symbol((k, 1)), g.symbol((k, 1))
    )


# -- scalars of scalars
OF_SCALARS: dict[str, tuple[str, Callable[..., Any], int]] = {
    "scalar sum": ("({0} + {1})", lambda p, a, b: a + b, 2),
    "scalar sum of three": ("({0} - {1}/2 + 3*{2})", lambda p, a, b, c: a - b / 2 + 3 * c, 3),
    "scalar difference": ("({0} - {1})", lambda p, a, b: a - b, 2),
    "scalar product": ("(({0})*sympy.tanh({1}))", lambda p, a, b: a * np.tanh(b), 2),
    "scalar quotient": ("(({0})/(1 + ({1})**2))", lambda p, a, b: a / (1 + b * b), 2),
    "scalar square": ("(({0})**2)", lambda p, a: a * a, 1),
    "scalar root": ("sympy.sqrt(1 + ({0})**2)", lambda p, a: np.sqrt(1 + a * a), 1),
    "scalar log": ("sympy.log(1 + ({0})**2)", lambda p, a: np.log(1 + a * a), 1),
    "scalar softplus": ("sympy.log(1 + sympy.exp({0}))", lambda p, a: N.softplus(a), 1),
    "scalar sine": ("sn.sin({0})", lambda p, a: np.sin(a), 1),
    "scalar cosine, SymPy's": ("sympy.cos({0})", lambda p, a: np.cos(a), 1),
    "scalar sigmoid": ("sn.sigmoid({0})", lambda p, a: N.sigmoid(a), 1),
    "scalar relu": ("sn.relu({0})", N.relu, 1),
    "scalar Abs": ("Abs({0})", N.absolute, 1),
    "scalar sign": ("(sympy.sign({0})*({1}))", lambda p, a, b: N.sign(p, a) * b, 2),
    "scalar Max": ("Max({0}, {1})", N.maximum, 2),
    "scalar Min": ("Min({0}, {1})", N.minimum, 2),
    "scalar Max of three": ("Max({0}, {1}, {2})", lambda p, a, b, c: N.maximum(p, N.maximum(p, a, b), c), 3),
    "hinge": ("Max(0, 1 - ({0})*({1}))", lambda p, a, b: N.relu(p, 1 - a * b), 2),
    "scalar cases": (
        "Piecewise((({0})**2, ({0}) > ({1})), (sympy.sin({1}), True))",
        lambda p, a, b: np.where(p.near(a - b) > 0, a * a, np.sin(b)), 2,
    ),
    "minus a scalar": ("(-({0}))", lambda p, a: -a, 1),
    "scalar times itself": ("(({0})*({0}) - ({0}))", lambda p, a: a * a - a, 1),
}  # fmt: skip
for _kind, (_text, _f, _n) in OF_SCALARS.items():
    simple(SCALARS, _kind, _text, _f, lambda g, n=_n: [()] * n)


@row(SCALARS, "scalar let")
def _scalar_let(g: Generator, s: Any) -> Tree | None:
    return node("scalar let", s, f'sn.let("{g.fresh("s")}", {{0}})', lambda p, a: a, g.scalar())


@row(SCALARS, "elementwise of scalars")
def _scalar_elementwise(g: Generator, s: Any) -> Tree | None:
    return node("elementwise of scalars", s, "sn.elementwise(lambda p, q: p*sympy.sin(q), {0}, {1})",
                lambda p, a, b: a * np.sin(b), g.scalar(), g.scalar())  # fmt: skip


@row(SCALARS, "coefficient")
def _coefficient(g: Generator, s: Any) -> Tree | None:
    number = _number(g, s) if g.pick(True, False) else g.symbol(SCALAR)
    return node("coefficient", s, "(({0})*({1}))", lambda p, c, a: c * a, number, g.scalar())


# -- deep nets
LEVELS: dict[str, tuple[str, Callable[..., Any]]] = {
    "residual": ("({1} + sn.tanh({0}*{1}))", lambda p, W, h, q: h + np.tanh(W @ h)),
    "residual, halved": ("({1} + 0.5*sn.tanh({0}*{1}))", lambda p, W, h, q: h + 0.5 * np.tanh(W @ h)),
    "sine minus half": ("(sn.sin({0}*{1}) - {1}/2)", lambda p, W, h, q: np.sin(W @ h) - h / 2),
    "turned": ("(sn.tanh(({1}.T*{0}.T).T) + {1})", lambda p, W, h, q: np.tanh(W @ h) + h),
    "gated": ("HadamardProduct(sn.sigmoid({0}*{1}), {1})", lambda p, W, h, q: N.sigmoid(W @ h) * h),
    "halved sum": ("((sn.tanh({0}*{1}) + {1})/2)", lambda p, W, h, q: (np.tanh(W @ h) + h) / 2),
    "skip": ("sn.tanh({1} - {2})", lambda p, W, h, q: np.tanh(h - q)),
    "softmax level": ("(sn.softmax({1} + {0}*{1}) - {1}/3)", lambda p, W, h, q: N.softmax(h + W @ h, 0) - h / 3),
    "minus relu": ("(-({1} - sn.relu({0}*{1}))*Rational(1, 2))", lambda p, W, h, q: -(h - N.relu(p, W @ h)) / 2),
}


@row(MATRICES, "deep net")
def _deep(g: Generator, s: Any) -> Tree | None:
    if g.random.random() < 0.85:
        return None
    W, H = g.symbol((s[0], s[0])), g.matrix(*s)
    styles = [g.pick(*LEVELS) for _ in range(g.pick(1, 1, 2, 3))]
    before = H
    for _ in range(g.pick(3, 5, 20, 24, 40)):
        kind = g.pick(*styles)
        text, f = LEVELS[kind]
        H, before = node(kind, s, text, f, W, H, before), H
    return H


MATRICES.update(convolutions(node))

add_rows(MATRICES, SCALARS, node)
add_declared(LEAVES)
KINDS = (
    "symbol", "target",
    *dict.fromkeys([*LEAVES, *NUMBERS, *MATRICES, *SCALARS, *LEVELS]),
)  # fmt: skip


def random_loss(seed: int) -> tuple[Tree, dict[str, int]]:
    """Give a random loss, and the numbers that its sizes stand for."""
    g = Generator(seed)
    return g.scalar(), g.sizes
