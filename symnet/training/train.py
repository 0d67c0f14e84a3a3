"""The loop: one compiled step after another, with the history of the loss and a progress bar.

In: a loss, data and starting weights. Out: a `Training`. The step is one kernel; the loop only cuts batches, keeps the
history and shows progress.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symnet.backends import binding
from symnet.derivation import derive
from symnet.expressions import Name
from symnet.optimizers import GradientDescent, Optimizer
from symnet.program import survey
from symnet.training.batches import Batches, checked_count
from symnet.training.initializers import Initializer, glorot
from symnet.training.result import Training
from symnet.training.start import checked_clip, checked_multipliers, first_values, starting_arrays, trained_symbols
from symnet.training.step import Step, compiled_step


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
    multipliers: Mapping[Any, float] | None = None,
    clip: float | None = None,
    progress: bool = True,
    callback: Callable[[int, float, dict[Any, Any]], object] | None = None,
) -> Training:
    """Train the parameters of a loss by gradient descent.

    loss: a scalar expression; data: symbols or names → arrays that share a size symbol, the number of samples.
    parameters: starting arrays by symbol or name, a list of symbols, or None for every matrix symbol that is not data.
    optimizer: how a parameter moves, `GradientDescent(0.1)` by default; epochs: passes over the data.
    batch_size: samples a step, all of them by default; the last batch may be smaller.
    seed: makes the order of the samples and the starting weights reproducible; dtype: by default that of the data.
    initializer: draws the weights that have no array, `glorot()` by default; columns used as biases start at 0.
    multipliers: by symbol or name, how far a parameter moves of the optimizer's step: 0.1 of it, or 0 where it stays as
    it is and no gradient is derived for it. clip: the largest norm that all gradients together may have (longer ones
    are shortened to it: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013).
    progress: a bar, in a terminal with tqdm; callback: called after each epoch with its number, its mean loss and the
    parameters by symbol.

    Gives a `Training`; Ctrl-C gives what was reached. Raises `FloatingPointError`, with the last finite `parameters`
    and the `history` on it, where the loss is no longer finite, and what `derive` and a `Kernel` raise.

    >>> import symnet as sn
    >>> X, Y, w = sn.matrix("X", 1, "n"), sn.matrix("Y", 1, "n"), sn.matrix("w", 1, 1)
    >>> run = train(sn.squared_error(w * X, Y), {X: [[1, 2, 3]], Y: [[2, 4, 6]]}, {w: [[0.0]]}, epochs=50)
    >>> run.parameters[w].round(6).tolist()
    [[2.0]]
    """
    options = (optimizer or GradientDescent(), dtype, multipliers or {}, checked_clip(clip))
    begin = (initializer or glorot(), np.random.default_rng(seed))
    loop = _begun(loss, data, parameters, options, begin, (checked_count("epochs", epochs), batch_size))
    return loop.run(progress, callback)


def _begun(loss: Any, data: Any, parameters: Any, options: Any, begin: Any, pieces: Any) -> _Loop:
    optimizer, dtype, multipliers, clip = options
    draw, generator = begin
    found = survey(loss)
    arrays = {name: binding.as_array(name, value) for name, value in binding.named(data).items()}
    starts = starting_arrays(parameters, found, arrays)
    symbols = trained_symbols(parameters, found, arrays)
    shares = checked_multipliers(multipliers, symbols)
    derivation = derive(loss, [W for W in symbols if shares.get(W.name, 1)])
    step = compiled_step(derivation, optimizer, dtype or _data_dtype(arrays), shares, clip)
    starts |= first_values(derivation.program, symbols, {**arrays, **starts}, draw, generator)
    bound = step.kernel.bind({**arrays, **starts, **step.rates(0), **step.state_arrays(starts)})
    batches = Batches(derivation, arrays, *pieces)
    return _Loop(step, batches, dict(zip(step.kernel.arguments, bound, strict=True)), generator, symbols)


def _data_dtype(arrays: Mapping[str, Any]) -> Any:
    kinds = {a.dtype for a in arrays.values() if a.ndim == 2}
    return np.result_type(*kinds) if kinds else np.dtype(float)


class _Loop:
    def __init__(
        self, step: Step, batches: Batches, values: dict[str, Any], generator: np.random.Generator, symbols: list[Name]
    ) -> None:
        self.step = step
        self.symbols = symbols
        self.function = step.kernel.function
        self.batches = batches
        self.generator = generator
        moving = [s.name for s in step.moving]
        self.values = {n: v for n, v in values.items() if n not in moving}
        self.weights = self.before = [values[n] for n in moving]
        self.history: list[float] = []
        self.steps = 0

    def run(self, progress: bool, callback: Any) -> Training:
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
        return Training(self.by_symbol(), self.history, self.step.derivation, interrupted)

    def by_symbol(self) -> dict[Any, Any]:
        reached = dict(zip(self.step.moving, self.weights, strict=True))
        return {W: np.copy(reached[W] if W in reached else self.values[W.name])[()] for W in self.symbols}

    def _epoch(self) -> float:
        total, count, function, weights = 0.0, 0, self.function, self.weights
        for batch, samples in self.batches.of_epoch(self.values, self.generator):
            batch.update(self.step.rates(self.steps))
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
