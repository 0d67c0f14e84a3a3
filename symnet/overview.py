"""A net in a table: its equations as layers, their shapes, parameters and what they cost.

In: a derivation, a training, a net or an expression. Out: a `Summary`. The rows are the equations that a person reads;
the operations are counted from those that the machine runs, each of which belongs to a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Integer, MatrixSymbol, Mul, S

from symnet.backends import binding, costs
from symnet.costing import cut, html_table, known_numbers, number_text, sections_of, text_table, whole
from symnet.derivation import Derivation, derive
from symnet.expressions import MLP, Name, Shown, as_expression, brief, listed, shape_text, symbols_of
from symnet.notation import writer
from symnet.program import Builder, Equation, Program, for_reader, survey
from symnet.request import check_symbols, entered, symbols_in


@dataclass(frozen=True, eq=False)
class Layer:
    """A row: an equation of the forward pass. `shape`: of its value, () for a number; `parameters`: those that it uses
    first, name → how many numbers; `operations`: by section, such as "forward" and "backward"."""

    name: Name
    equation: str
    shape: tuple[Any, ...]
    parameters: dict[str, Any]
    operations: dict[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class Summary(Shown):
    """What `summary` gives; sizes that are symbols stay symbols in all numbers.

    `layers`: the rows, each with `name`, `equation`, `shape`, `parameters` and `operations`; `trained`, `fixed`,
    `states`, `data`: the parameters that move and those that do not, what an optimizer keeps beside them, and the
    inputs, by name with their shapes.

    >>> import symnet as sn
    >>> X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
    >>> net = sn.mlp(X, [4, 2])
    >>> found = sn.summary(sn.squared_error(net.output, Y), net.parameters)
    >>> found.parameters, found.operations["forward"], found.layers[0].shape, found.data["X"]
    (26, 34*n + 1, (4, n), (3, n))
    """

    layers: tuple[Layer, ...]
    trained: dict[str, tuple[Any, ...]]
    fixed: dict[str, tuple[Any, ...]]
    states: dict[str, tuple[Any, ...]]
    data: dict[str, tuple[Any, ...]]

    @property
    def parameters(self) -> Any:
        """The numbers of all parameters, whether they move or not."""
        return _numbers(self.trained) + _numbers(self.fixed)

    @property
    def operations(self) -> dict[str, Any]:
        """The operations of all layers, by section."""
        return {
            section: sum((layer.operations[section] for layer in self.layers), S.Zero).expand()
            for section in self.layers[0].operations
        }

    def _headline(self) -> str:
        counted = ", ".join(f"{section} {number_text(n)}" for section, n in self.operations.items())
        return f": {len(self.layers)} equations, {number_text(self.parameters)} parameters; operations {counted}"

    def _table(self) -> list[list[str]]:
        sections = list(self.operations)
        rows = [["layer", "shape", "parameters", *sections]]
        for layer in self.layers:
            numbers = [sum(layer.parameters.values(), S.Zero), *(layer.operations[s] for s in sections)]
            shape = shape_text(layer.shape) if layer.shape else "a number"
            rows.append([layer.equation, shape, *map(number_text, numbers)])
        return [*rows, ["in all", "", *map(number_text, [self.parameters, *self.operations.values()])]]

    def _remarks(self) -> list[str]:
        kept = {"trained": self.trained, "not trained": self.fixed, "kept by the optimizer": self.states}
        counts = [(title, shapes, _numbers(shapes)) for title, shapes in kept.items() if shapes]
        found = [
            f"{title}: {number_text(n)} {'number' if n == 1 else 'numbers'} in {listed(shapes)}"
            for title, shapes, n in counts
        ]
        data = [f"{name} {shape_text(shape)}" if shape else name for name, shape in self.data.items()]
        return [*found, f"data: {listed(data)}"] if data else found

    def __str__(self) -> str:
        return text_table(self._table(), self._remarks())

    def _repr_html_(self) -> str:
        return html_table(self._table(), self._remarks())


def _numbers(shapes: Mapping[str, tuple[Any, ...]]) -> Any:
    return sum((Mul(*shape) for shape in shapes.values()), S.Zero)


def summary(model: Any, parameters: Any = None, sizes: Mapping[Any, int] | None = None) -> Summary:
    """Give a table of a net: equation by equation the shape, the parameters, and the operations of each pass.

    model: a derivation, a `Training`, a net of `mlp`, a loss, or any expression. parameters: for a loss or another
    expression, its parameters; by default the matrices that have no size that is a symbol (the samples do). sizes:
    symbols or names → numbers for sizes, {"n": 32}; the others stay symbols. Of a matrix the forward pass alone counts.

    One operation is a multiplication with its addition in a product of matrices, or any other arithmetic or function of
    one entry; they are counted from the code that runs. Gives a `Summary`. Raises `ValueError` where it is not clear
    what the parameters are, `KeyError` for a size that is not there, and what `derive` raises.

    >>> import symnet as sn
    >>> X, Y = sn.matrix("X", 64, "n"), sn.matrix("Y", 10, "n")
    >>> net = sn.mlp(X, [32, 10])
    >>> print(summary(sn.cross_entropy(net.output, Y), net.parameters, {"n": 100}))
    layer                            shape   parameters   forward   backward
    ────────────────────────────────────────────────────────────────────────
    Z₁ = W₁⋅X + b₁⋅1ᵀ               32×100        2,080   208,000    249,600
    A₁ = tanh(Z₁)                   32×100            0     3,200          0
    Z₂ = W₂⋅A₁ + b₂⋅1ᵀ              10×100          330    33,000     36,000
    L = −⟨Y, log_softmax(Z₂)⟩/n   a number            0     6,102          0
    ────────────────────────────────────────────────────────────────────────
    in all                                        2,410   250,302    285,600
    trained: 2,410 numbers in W1, b1, W2, b2
    data: X 64×100, Y 10×100
    """
    net = model if isinstance(model, MLP) else None
    derivation = model if isinstance(model, Derivation) else getattr(model, "derivation", None)
    if parameters is not None and (net or derivation):
        raise TypeError(f"summary: {brief(model)} knows its parameters; leave parameters= away")
    if derivation is not None:
        arrays = getattr(model, "parameters", {})  # of a training: they tell sizes
        symbols = tuple(derivation.wrt if derivation is model else arrays)
        learned = {} if derivation is model else binding.bind_sizes(symbols, {W.name: arrays[W] for W in symbols})
        known = known_numbers(derivation.program, sizes, "summary")
        return _summed(derivation.program, symbols, {**learned, **known})
    expr = as_expression(model, "summary")
    symbols = net.parameters if net else symbols_in(parameters) if parameters is not None else _parameters(expr)
    if not expr.is_Matrix:
        derivation = derive(expr, symbols)
        known = known_numbers(derivation.program, sizes, "summary")
        return _summed(derivation.program, derivation.wrt, known)
    check_symbols(symbols, "summary")
    builder = Builder(symbols)
    value, symbols = entered(builder, expr, symbols, "the expression")
    program = builder.finish([builder.call(value, builder.names.fresh("output"))])
    return _summed(program, symbols, known_numbers(program, sizes, "summary"))


def _parameters(expr: Any) -> tuple[Any, ...]:
    # what does not grow with the samples
    matrices = [s for s in survey(expr).symbols.values() if isinstance(s, MatrixSymbol)]
    fixed = [s for s in matrices if all(size.is_Integer for size in s.shape)]
    if not fixed or len(fixed) == len(matrices):
        known = ", ".join(s.name for s in matrices)
        raise ValueError(f"summary: which of {known} are parameters? Give them, such as sn.summary(loss, [W, b])")
    return tuple(fixed)


def _summed(program: Program, parameters: tuple[Any, ...], sizes: Mapping[str, int]) -> Summary:
    known = {program.names.symbols[name]: Integer(n) for name, n in sizes.items()}
    shape = lambda s: tuple(size.xreplace(known) for size in getattr(s, "shape", ()))
    sections = for_reader(program)
    write = writer(sections, program.outputs[0])
    rows = {e.lhs.name: e for e in sections[0].equations}
    first: dict[str, str] = {}
    for name, e in rows.items():
        for s in sorted(symbols_of(e.rhs), key=lambda s: s.name):
            first.setdefault(s.name, name)
    counted: dict[str, dict[str, Any]] = {n: {s.title.lower(): S.Zero for s in program.sections} for n in rows}
    for name, section, operations in _placed(program, rows, first, sizes):
        counted[name][section] += operations
    numbers = {W.name: Mul(*shape(W)) for W in parameters}
    layers = tuple(
        Layer(e.lhs, cut(f"{write(e.lhs)} = {write(e.rhs)}"), shape(e.lhs),
              {W: n for W, n in numbers.items() if first.get(W) == name}, counted[name])
        for name, e in rows.items()
    )  # fmt: skip
    states = dict.fromkeys(e.of for e in program.equations if e.role == "state")
    moving = {e.of.name for e in program.equations if e.role == "update"} or set(numbers)
    shapes = {W.name: shape(W) for W in parameters}
    return Summary(
        layers,
        {n: s for n, s in shapes.items() if n in moving},
        {n: s for n, s in shapes.items() if n not in moving},
        {s.name: shape(s) for s in states},
        {
            n: shape(program.inputs[n])
            for n in first
            if n in program.inputs and n not in {*shapes, *program.names.sizes}
        },
    )


def _placed(
    program: Program, rows: Mapping[str, Equation], first: Mapping[str, str], sizes: Mapping[str, int]
) -> Iterator[tuple[str, str, Any]]:
    # for each equation that runs: the row it belongs to, its section, its operations
    kernel = whole(program)
    place, found = list(rows)[-1], []
    spent = zip(costs(kernel, sizes), sections_of(program, kernel), strict=True)
    for cost, here in reversed(list(spent)):  # what has no place of its own belongs to what it is made for
        e = cost.equation
        about = e.of.name if e.role in ("adjoint", "gradient", "update") else e.lhs.name
        place = about if about in rows else first.get(about, place) if e.role in ("gradient", "update") else place
        found.append((place, here, cost.operations))
    return reversed(found)
