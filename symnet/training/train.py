"""Gradient descent on a loss: the derivation and the update rule compiled to one step, and the loop around it.

In: a loss, data and starting weights. Out: a `Training` with the weights reached and the history of the loss. The step
is one kernel; the loop only cuts batches, keeps the history and shows progress.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sympy import MatMul, MatrixSymbol, OneMatrix

from symnet.backends import binding
from symnet.derivation import Derivation, derive
from symnet.training.initializers import Initializer, glorot
from symnet.backends.kernel import Kernel, checked_dtype, compile_program
from symnet.program.names import Names, declare_all
from symnet.expressions.nodes import walk
from symnet.optimizers.descent import GradientDescent, Optimizer


@dataclass(eq=False)
class Training:
    """What `train` gives: `parameters` (symbol → array), `history` (the mean loss of each epoch), `loss` (the last).

    `derivation`: the equations that were trained; `interrupted`: whether Ctrl-C ended it early.
    """

    parameters: dict[Any, Any]
    history: list[float]
    derivation: Derivation = field(repr=False)
    interrupted: bool = False

    @property
    def loss(self) -> float:
        """The mean loss of the last epoch; NaN before the first."""
        return self.history[-1] if self.history else float("nan")


def step_kernel(derivation: Derivation, optimizer: Optimizer, dtype: Any) -> Kernel:
    """Append the update equations of every parameter to the derivation; compile loss and new parameters.

    The kernel's arguments are the data, the hyperparameters by name, then the parameters.
    """
    program, updates = derivation.program.copy(), []
    for symbol in optimizer.hyperparameters():
        program.names.declare(symbol)
        program.inputs.setdefault(symbol.name, symbol)
    for W in derivation.wrt:
        value = program.value(optimizer.update(W, derivation.gradient_names[W]))
        updates.append((W, program.call(value, program.names.fresh(f"{W.name}new"))))
    return compile_program(program, derivation.loss_name, updates, checked_dtype(dtype))


def train(
    loss: Any,
    data: Mapping[Any, Any],
    parameters: Mapping[Any, Any] | Sequence[Any] | None = None,
    optimizer: Optimizer | None = None,
    *,
    epochs: int = 100,
    batch_size: int | None = None,
    seed: int | None = None,
    initializer: Initializer | None = None,
    dtype: Any = None,
    progress: bool = True,
    callback: Callable[[int, float, dict[Any, Any]], object] | None = None,
) -> Training:
    """Train the parameters of a loss by gradient descent.

    loss: a scalar expression.
    data: symbols or names → arrays; the size symbol that they share is the number of samples.
    parameters: starting arrays by symbol or name, a list of symbols, or None for every matrix symbol that is not data.
    optimizer: how a parameter moves, `GradientDescent(0.1)` by default.
    epochs: passes over the data; batch_size: samples a step, all of them by default; the last batch may be smaller.
    seed: makes the order of the samples and the starting weights reproducible.
    initializer: draws the weights that have no array, `glorot()` by default; columns used as biases start at 0.
    dtype: what to compute in, by default the dtype of the data.
    progress: show a bar where tqdm is installed and the output is a terminal.
    callback: called after each epoch with its number (from 1), its mean loss and the parameters by symbol.

    Gives a `Training`; Ctrl-C gives what was reached. Raises `FloatingPointError` where the loss is no longer finite,
    with the last finite `parameters` and the `history` on it, and what `derive` and a `Kernel` raise for wrong input.

    >>> import symnet as sn
    >>> X, Y, w = sn.matrix("X", 1, "n"), sn.matrix("Y", 1, "n"), sn.matrix("w", 1, 1)
    >>> run = train(sn.squared_error(w * X, Y), {X: [[1, 2, 3]], Y: [[2, 4, 6]]}, {w: [[0.0]]}, epochs=50)
    >>> run.parameters[w].round(6).tolist()
    [[2.0]]
    """
    optimizer = optimizer or GradientDescent()
    names = Names()
    declare_all(loss, names)
    arrays = {name: binding.as_array(name, value) for name, value in binding.named(data).items()}
    starts = _starting_arrays(parameters, names, arrays)
    trained = _parameter_symbols(loss, parameters, names, arrays)
    derivation = derive(loss, trained)
    kernel = step_kernel(derivation, optimizer, dtype or _data_dtype(arrays))
    generator = np.random.default_rng(seed)
    values = _bound(kernel, optimizer, arrays, starts, initializer, generator)
    batches = _Batches(derivation, arrays, _checked_count("epochs", epochs), batch_size)
    loop = _Loop(kernel, batches, values, generator)
    return loop.run(derivation, progress, callback)


def _checked_count(name: str, value: Any) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a positive whole number, not {value!r}")
    return int(value)


def _data_dtype(arrays: Mapping[str, Any]) -> Any:
    kinds = {a.dtype for a in arrays.values() if a.ndim == 2}
    return np.result_type(*kinds) if kinds else np.dtype(float)


def _starting_arrays(parameters: Any, names: Names, data: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(parameters, Mapping):
        return {}
    given = binding.named(parameters)
    for name in given:
        if name in data:
            raise ValueError(f"{name} is given both as data and as a parameter")
        if name not in names.symbols:
            known = ", ".join(n for n in names.symbols if n not in names.sizes)
            raise KeyError(f"{name} is no symbol of the loss, which has {known}")
    return {name: binding.as_array(name, value) for name, value in given.items()}


def _parameter_symbols(loss: Any, parameters: Any, names: Names, data: Mapping[str, Any]) -> list[Any]:
    for name in data:
        if name not in names.symbols:
            known = ", ".join(n for n in names.symbols if n not in names.sizes)
            raise KeyError(f"data: {name} is no symbol of the loss, which has {known}")
    if isinstance(parameters, Mapping):
        chosen = [names.symbols[n] for n in binding.named(parameters)]
        free = [
            s for n, s in names.symbols.items() if isinstance(s, MatrixSymbol) and n not in data and s not in chosen
        ]
        return chosen + free
    if parameters is not None:
        symbols = [names.symbols.get(s, s) if isinstance(s, str) else s for s in parameters]
        missing = [
            s for s in names.symbols.values() if isinstance(s, MatrixSymbol) and s.name not in data and s not in symbols
        ]
        if missing:
            raise KeyError(f"{missing[0].name} is neither data nor among the parameters; give it in one of them")
        return symbols
    found = [s for n, s in names.symbols.items() if isinstance(s, MatrixSymbol) and n not in data]
    if not found:
        raise ValueError("every matrix symbol of the loss is data: there is nothing to train")
    return found


def _biases(loss: Any) -> set[str]:
    # columns that are added to every column, and rows that are added to every row
    found = set()
    for node in walk(loss):
        if isinstance(node, MatMul) and any(isinstance(a, OneMatrix) for a in node.args):
            found |= {a.name for a in node.args if isinstance(a, MatrixSymbol) and 1 in a.shape}
    return found


def _bound(
    kernel: Kernel,
    optimizer: Optimizer,
    data: Mapping[str, Any],
    starts: dict[str, Any],
    initializer: Initializer | None,
    generator: np.random.Generator,
) -> dict[str, Any]:
    hyper = {s.name: v for s, v in optimizer.hyperparameters().items()}
    symbols = kernel.program.names.symbols
    known = {**data, **starts}
    for name, array in known.items():
        binding.check_rank(symbols[name], array)
        binding.check_data(name, array)
    sizes = binding.bind_sizes([symbols[n] for n in known], known)
    biases, draw = _biases_of(kernel), initializer or glorot()
    for W in kernel.parameters:
        if W.name in starts:
            continue
        if not isinstance(W, MatrixSymbol):
            raise KeyError(f"{W.name} is a scalar and has no starting value; give one: parameters={{{W.name}: 1.0, …}}")
        rows, cols = (binding.size_value(size, sizes, W.name) for size in W.shape)
        shape = (rows, cols)
        starts[W.name] = np.zeros(shape) if W.name in biases else np.asarray(draw(shape, generator))
    bound = kernel.bind({**data, **starts, **hyper})
    return dict(zip(kernel.arguments, bound, strict=True))


def _biases_of(kernel: Kernel) -> set[str]:
    return set().union(*(_biases(rhs) for _, rhs in kernel.program.equations))


class _Batches:
    """Which samples each step takes: all of them, or shuffled pieces of `batch_size`."""

    def __init__(self, derivation: Derivation, data: Mapping[str, Any], epochs: int, batch_size: int | None) -> None:
        self.epochs = epochs
        self.size = batch_size
        self.axes: dict[str, int] = {}
        if batch_size is None:
            return
        symbols = derivation.program.names.symbols
        matrices = {n: symbols[n] for n in data if isinstance(symbols[n], MatrixSymbol)}
        counts: dict[str, dict[str, int]] = {}
        for name, symbol in matrices.items():
            for axis, size in enumerate(symbol.shape):
                if size.is_Symbol:
                    counts.setdefault(size.name, {})[name] = axis
        if not counts:
            raise ValueError(
                "batch_size: the data have no symbolic size to cut; declare one, such as matrix('X', 3, 'n')"
            )
        shared = max(len(found) for found in counts.values())
        best = [size for size, found in counts.items() if len(found) == shared]
        if len(best) > 1:
            raise ValueError(
                f"batch_size: the data share more than one size, {', '.join(best)}; use numbers for the others"
            )
        self.axes = counts[best[0]]
        self.samples = next(data[n].shape[axis] for n, axis in self.axes.items())
        if _checked_count("batch_size", batch_size) > self.samples:
            raise ValueError(f"batch_size is {batch_size}, but there are only {self.samples} samples ({best[0]})")

    def of_epoch(self, values: dict[str, Any], generator: np.random.Generator) -> Iterator[tuple[dict[str, Any], int]]:
        if self.size is None or self.size == self.samples:
            yield values, 1
            return
        order = generator.permutation(self.samples)
        for start in range(0, self.samples, self.size):
            chosen = order[start : start + self.size]
            batch = {n: np.take(values[n], chosen, axis=axis) for n, axis in self.axes.items()}
            yield {**values, **batch}, len(chosen)


class _Loop:
    def __init__(
        self,
        kernel: Kernel,
        batches: _Batches,
        values: dict[str, Any],
        generator: np.random.Generator,
    ) -> None:
        self.function = kernel.function
        self.batches = batches
        self.generator = generator
        self.parameters = [p.name for p in kernel.parameters]
        self.symbols = kernel.parameters
        self.inputs = [n for n in kernel.arguments if n not in self.parameters]
        self.values = {n: values[n] for n in self.inputs}
        self.weights = self.before = [values[n] for n in self.parameters]
        self.history: list[float] = []
        self.steps = 0

    def run(self, derivation: Derivation, progress: bool, callback: Any) -> Training:
        interrupted = False
        bar = _progress_bar(self.batches.epochs, progress)
        try:
            for epoch in range(1, self.batches.epochs + 1):
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a loss that is not finite raises
                    self.history.append(self._epoch())
                if bar is not None:
                    bar.update()
                    bar.set_postfix(loss=f"{self.history[-1]:.4g}", refresh=False)
                if callback is not None:
                    callback(epoch, self.history[-1], self.by_symbol())
            if not all(np.isfinite(w).all() for w in self.weights):
                self._diverged("finite, but the weights are not")
        except KeyboardInterrupt:
            interrupted = True
        finally:
            if bar is not None:
                bar.close()
        return Training(self.by_symbol(), self.history, derivation, interrupted)

    def by_symbol(self) -> dict[Any, Any]:
        return dict(zip(self.symbols, self.weights, strict=True))

    def _epoch(self) -> float:
        total, count, function, weights = 0.0, 0, self.function, self.weights
        for batch, samples in self.batches.of_epoch(self.values, self.generator):
            loss, updated = function(*batch.values(), *weights)
            if not -np.inf < loss < np.inf:
                self._diverged(loss)
            self.before, self.weights, weights = weights, updated, updated
            self.steps += 1
            total += float(loss) * samples
            count += samples
        return total / count

    def _diverged(self, loss: Any) -> None:
        error = FloatingPointError(
            f"the loss is {loss} at step {self.steps + 1} (epoch {len(self.history) + 1}); lower the learning rate or "
            "check the data; the last finite parameters are on this error: .parameters, .history"
        )
        if not all(np.isfinite(w).all() for w in self.weights):
            self.weights = self.before
        error.parameters, error.history = self.by_symbol(), self.history  # type: ignore[attr-defined]
        raise error


def _progress_bar(epochs: int, wanted: bool) -> Any:
    if not wanted or not sys.stderr.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=epochs, unit="epoch")
