"""What a random loss is here: a tree that can be written down as a user would write it, and computed in plain NumPy.

Each node holds its text and its value side by side; the value is computed from the values of the operands alone, and
nothing of symnet is asked. Values may be complex, so that a gradient is an imaginary part; they may be made noisy, which
tells how many digits can be expected at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PRELUDE = """\
import numpy as np
import sympy
from sympy import *
from sympy.matrices.expressions.hadamard import HadamardPower
import symnet as sn
n, m = sympy.symbols("n m", integer=True, positive=True)
"""
STEP = 1e-30  # of a complex step


@dataclass(frozen=True, eq=False)
class Tree:
    """A node. `shape`: two sizes, numbers or names, () for a scalar; `text`: how it is written, with {0}, {1}, … for its
    operands; `value`: (the point, values of the operands) → its value; `name` and `draw`: for a symbol.
    """

    kind: str
    shape: tuple[Any, ...]
    text: str
    value: Callable[..., Any]
    operands: tuple[Tree, ...] = ()
    name: str = ""
    draw: Callable[[np.random.Generator, tuple[int, ...]], Any] | None = None

    def nodes(self) -> list[Tree]:
        """Give every node once, operands first."""
        found: dict[Tree, None] = {}
        stack = [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                found[node] = None
            elif node not in found:
                stack.append((node, True))
                stack.extend((operand, False) for operand in reversed(node.operands))
        return list(found)

    def symbols(self) -> list[Tree]:
        """Give the symbols, by name."""
        return sorted({node.name: node for node in self.nodes() if node.name}.values(), key=lambda s: s.name)


@dataclass
class Point:
    """Where a tree is computed: the sizes and values of its symbols; `gap` is how far the closest corner or jump was,
    `bend` the closest jump of a second derivative, `large` the largest value on the way, infinite where one is no
    number. `noise`: a generator that spoils every value by `spoil` of itself.
    """

    sizes: Mapping[str, int]
    values: Mapping[str, Any]
    noise: np.random.Generator | None = None
    spoil: float = 0.0
    gap: float = np.inf
    bend: float = np.inf
    large: float = 0.0

    def number(self, size: Any) -> int:
        return size if isinstance(size, int) else self.sizes[size]

    def shape(self, shape: Iterable[Any]) -> tuple[int, ...]:
        return tuple(map(self.number, shape))

    def near(self, difference: Any) -> Any:
        """Note how close something came to where a function has a corner; gives its real part."""
        real = np.real(difference)
        self.gap = min(self.gap, float(np.min(np.abs(real), initial=np.inf)))
        return real

    def bent(self, difference: Any) -> Any:
        """Note how close something came to where a second derivative jumps; gives its real part."""
        real = np.real(difference)
        self.bend = min(self.bend, float(np.min(np.abs(real), initial=np.inf)))
        return real

    def rounded(self, value: Any) -> Any:
        """Give a value spoiled as rounding would; for what a node computes on its way to its own."""
        if self.noise is None:
            return value
        return value * (1 + self.spoil * self.noise.normal(size=np.shape(value)))

    def of(self, tree: Tree) -> Any:
        """Give the value of a tree."""
        found: dict[Tree, Any] = {}
        with np.errstate(all="ignore"):
            for node in tree.nodes():
                value = node.value(self, *[found[operand] for operand in node.operands])
                value = self.rounded(value)
                largest = float(np.max(np.abs(value), initial=0.0))
                self.large = np.inf if np.isnan(largest) else max(self.large, largest)
                found[node] = value
        return found[tree]


MOVES: dict[str, Any] = {}  # kind of symbol → what becomes of a direction and its weights, None where it stays


@dataclass(frozen=True)
class Expected:
    """What NumPy says: the value and the slopes along a direction for each symbol, with the error to expect of each if
    every operation were wrong by one unit relative to its result; `weights`: of the entries of a gradient in a slope.
    """

    value: Any
    value_noise: Any
    slopes: dict[str, float] = field(default_factory=dict)
    slope_noise: dict[str, float] = field(default_factory=dict)
    directions: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, Any] = field(default_factory=dict)
    gap: float = np.inf
    bend: float = np.inf
    large: float = 0.0


def expected(tree: Tree, sizes: Mapping[str, int], values: Mapping[str, Any], seed: int) -> Expected:
    """Compute a scalar tree and its slopes by complex steps, one random direction for each symbol."""
    rng = np.random.default_rng(seed)
    plain = Point(sizes, values)
    value = plain.of(tree)
    spoil = 1e-9
    noisy = [Point(sizes, values, rng, spoil).of(tree) for _ in range(3)]
    with np.errstate(invalid="ignore"):  # ∞ − ∞ of a loss that is left out
        noise = np.max(np.abs(np.array(noisy) - value), axis=0) / spoil
    slopes, slope_noise, directions, weights = {}, {}, {}, {}
    for symbol in tree.symbols():
        x = np.asarray(values[symbol.name])
        directions[symbol.name] = weights[symbol.name] = v = rng.normal(size=x.shape)
        if symbol.kind in MOVES:
            if MOVES[symbol.kind] is None:
                continue
            directions[symbol.name], weights[symbol.name] = MOVES[symbol.kind](v)
        moved = {**values, symbol.name: x + 1j * STEP * directions[symbol.name]}
        slope = float(np.imag(Point(sizes, moved).of(tree))) / STEP
        again = [float(np.imag(Point(sizes, moved, rng, spoil).of(tree))) / STEP for _ in range(3)]
        slopes[symbol.name] = slope
        slope_noise[symbol.name] = max(abs(a - slope) for a in again) / spoil
    return Expected(value, noise, slopes, slope_noise, directions, weights, plain.gap, plain.bend, plain.large)


def drawn(tree: Tree, sizes: Mapping[str, int], seed: int) -> dict[str, Any]:
    """Give values for the symbols of a tree, of three decimals."""
    rng = np.random.default_rng(seed)
    found = {}
    for symbol in tree.symbols():
        assert symbol.draw is not None
        found[symbol.name] = symbol.draw(rng, Point(sizes, {}).shape(symbol.shape))
    return found


def written(tree: Tree, target: str = "loss") -> list[str]:
    """Give the lines that build a tree: its symbols, what is used twice or stands deep, and the whole."""
    nodes = tree.nodes()
    uses: dict[Tree, int] = {}
    for node in nodes:
        for operand in node.operands:
            uses[operand] = uses.get(operand, 0) + 1
    lines, texts, depth = [], {}, {}
    for symbol in tree.symbols():
        lines.append(f"{symbol.name} = {symbol.text}")
    for node in nodes:
        if node.name:
            texts[node], depth[node] = node.name, 0
            continue
        text = node.text.format(*[texts[operand] for operand in node.operands])
        depth[node] = 1 + max((depth[operand] for operand in node.operands), default=0)
        if node is not tree and (uses[node] > 1 or depth[node] > 6) and not re.fullmatch(r"[\w./]+", text):
            name = f"part{len(lines)}"
            lines.append(f"{name} = {text}")
            text, depth[node] = name, 0
        texts[node] = text
    return [*lines, f"{target} = {texts[tree]}"]


def built(tree: Tree) -> dict[str, Any]:
    """Give the namespace in which a tree was written, its expression under "loss"."""
    space: dict[str, Any] = {}
    exec(PRELUDE + "\n".join(written(tree)), space)
    return space
