"""Means, variances and what is normalised by them: the nodes of layer norm and batch norm.

With μ the mean of X along an axis, σ² its variance and ε a number, the nodes are μ repeated along the axis, σ² itself,
X̂ = (X − μ) ⊘ √(σ² + ε), and G ⊘ √(σ² + ε). Their derivatives are made of these nodes again, of any order.
"""

from __future__ import annotations

from typing import Any

from sympy import Add, Expr, S, sqrt

from symnet.expressions.interned import MatrixNode, ScalarNode
from symnet.expressions.nodes import AlongAxis, Reduction
from symnet.expressions.sizes import Shape


def _mean(line: list[Expr]) -> Expr:
    return Add(*line) / len(line)


def _variance(line: list[Expr], ddof: Expr = S.Zero) -> Expr:
    mean = _mean(line)
    return Add(*[(x - mean) ** 2 for x in line]) / (len(line) - ddof)


def _short(number: Expr) -> str:
    return repr(float(number)) if number.is_Float else str(number)


def _beside(ddof: Any) -> tuple[str, ...]:
    return () if ddof == 0 else (f"ddof={ddof}",)


class Means(AlongAxis):
    """The means along an axis, repeated along it: `Means(X, axis)` has the shape of X."""

    title = "mean"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return _mean(self.line(i, j, operands[0]))


class MeanOfAll(MatrixNode):
    """The mean of all entries, in every entry."""

    title = "mean"

    @property
    def labels(self) -> tuple[str, ...]:
        return () if self.shape[1] == 1 else ("axis=None",)

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return _mean(list(operands[0]))


class AxisVar(Reduction):
    """The variances along an axis, a row (axis 0) or a column (axis 1): `AxisVar(X, axis, ddof)`."""

    title = "var"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return Reduction.shape_of(*args[:2])

    @property
    def labels(self) -> tuple[str, ...]:
        return (f"axis={self.axis}", *_beside(self.args[2]))

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return _variance(self.line(i, j, operands[0]), self.args[2])


class Variance(ScalarNode):
    """The variance of all entries: `Variance(X, ddof)`, the squares divided by their number less `ddof`."""

    title = "var"

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[:1]

    @property
    def labels(self) -> tuple[str, ...]:
        return _beside(self.args[1])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return _variance(list(operands[0]), self.args[1])


class _WithEpsilon(AlongAxis):
    @property
    def labels(self) -> tuple[str, ...]:
        return (*super().labels, f"epsilon={_short(self.args[-1])}")


class Standardised(_WithEpsilon):
    """(X − μ) ⊘ √(σ² + ε), of mean 0 and variance 1 along an axis: `Standardised(X, axis, epsilon)`."""

    title = "layer_norm"
    letter = "Xhat"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        line = self.line(i, j, operands[0])
        return (operands[0][i, j] - _mean(line)) / sqrt(_variance(line) + self.args[2])


class OverDeviation(_WithEpsilon):
    """G ⊘ √(σ² + ε) with the variance of X along an axis: `OverDeviation(G, X, axis, epsilon)`; linear in G."""

    title = "over_deviation"
    matrices = 2

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        G, X = operands
        return G[i, j] / sqrt(_variance(self.line(i, j, X)) + self.args[3])


class RootMeanSquared(_WithEpsilon):
    """X ⊘ √(mean of X∘X + ε) along an axis: `RootMeanSquared(X, axis, epsilon)`."""

    title = "rms_norm"
    letter = "Xhat"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        line = self.line(i, j, operands[0])
        return operands[0][i, j] / sqrt(_mean([x**2 for x in line]) + self.args[2])


class OverRoot(OverDeviation):
    """G ⊘ √(mean of X∘X + ε) along an axis: `OverRoot(G, X, axis, epsilon)`; linear in G."""

    title = "over_root_mean_square"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        G, X = operands
        return G[i, j] / sqrt(_mean([x**2 for x in self.line(i, j, X)]) + self.args[3])
