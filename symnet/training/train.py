"""Training: what the user asks is checked, the step is compiled, the loop runs.

In: a loss, data and starting weights. Out: a `Training`. The step is one kernel; the loop cuts batches, keeps the
history and shows progress.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from symnet.backends import binding
from symnet.derivation import derive
from symnet.expressions import Name
from symnet.optimizers import Optimizer
from symnet.program import survey
from symnet.training.batches import Arrays, Batches, Stream, as_data, batches_of
from symnet.training.initializers import Initializer, glorot
from symnet.training.loop import Loop
from symnet.training.monitor import (
    Monitor, checked_metrics, checked_patience, held_back, is_fraction, validation_batches,
)  # fmt: skip
from symnet.training.plan import planned
from symnet.training.progress import Log
from symnet.training.result import Training
from symnet.training.start import (
    as_optimizer, checked_clip, checked_multipliers, first_values, starting_arrays, trained_symbols,
)  # fmt: skip
from symnet.training.step import compiled_step


def train(
    loss: Any,
    data: Mapping[Any, Any] | Iterable[Mapping[Any, Any]],
    parameters: Mapping[Any, Any] | Sequence[Any] | None = None,
    optimizer: Optimizer | float | None = None,
    *,
    epochs: int | None = None,
    steps: int | None = None,
    seconds: float | None = None,
    batch_size: int | None = None,
    seed: int | None = None,
    initializer: Initializer | None = None,
    dtype: Any = None,
    multipliers: Mapping[Any, float] | None = None,
    clip: float | None = None,
    validation: Any = None,
    metrics: Mapping[str, Any] | None = None,
    patience: int | None = None,
    progress: bool = True,
    callback: Callable[[int, float, dict[Any, Any]], object] | None = None,
    log: Any = None,
) -> Training:
    """Train the parameters of a loss by gradient descent.

    loss: a scalar expression; data: symbols or names → arrays that share a size symbol, the number of samples; arrays
    that NumPy maps from a file are read batch by batch. Or a list of such dictionaries, one for each step, or any
    object that gives them anew each time it is iterated.
    parameters: starting arrays by symbol or name, a list of symbols, a net or an earlier `Training` for theirs, or None
    for every matrix symbol that has no data and does not grow with the samples.
    optimizer: how a parameter moves, `GradientDescent(0.1)` by default, or a learning rate.
    epochs, steps, seconds: the budget, whichever ends first; 100 epochs, passes over the data, where none is given.
    batch_size: samples a step, all of them by default; the last batch of an epoch may be smaller and counts as such.
    seed: makes the order of the samples and the starting weights reproducible; dtype: by default that of the data.
    initializer: draws the weights that have no array, `glorot()` by default; columns used as biases start at 0.
    multipliers: by symbol or name, how far a parameter moves of the optimizer's step: 0.1 of it, or 0 where it stays as
    it is and no gradient is derived for it. clip: the largest norm that all gradients together may have (longer ones
    are shortened to it: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013).
    validation: data held back, as `data`, or the share of the samples to hold back, such as 0.1; its loss is measured
    after each epoch. metrics: name → scalar expression, measured there too, or on the data where none are held back.
    patience: stop after so many epochs without a lower validation loss, and keep the parameters of the best one.
    progress: a bar, in a terminal or notebook with tqdm; callback: called after each epoch with its number, its mean
    loss and the parameters by symbol; training ends where it gives True or raises `StopIteration`.
    log: a `.jsonl` or `.csv` file that gets a row for each epoch.

    Gives a `Training`; Ctrl-C gives what was reached. Raises `FloatingPointError`, with the last finite `parameters`,
    the `history`, the `step` and its `samples` on it, where a value is no longer finite, and what `derive` and a
    `Kernel` raise.

    >>> import symnet as sn
    >>> X, Y, w = sn.matrix("X", 1, "n"), sn.matrix("Y", 1, "n"), sn.matrix("w", 1, 1)
    >>> run = train(sn.squared_error(w * X, Y), {X: [[1, 2, 3]], Y: [[2, 4, 6]]}, {w: [[0.0]]}, epochs=50)
    >>> run.parameters[w].round(6).tolist()
    [[2.0]]
    """
    plan = planned(epochs, steps, seconds, checked_patience(patience, validation), progress, callback)
    measured = checked_metrics(metrics or {})
    parameters = getattr(parameters, "parameters", parameters)  # of a net, or of an earlier training
    options = (as_optimizer(optimizer), dtype, multipliers or {}, checked_clip(clip))
    begin = (initializer or glorot(), np.random.default_rng(seed))
    loop = _begun(loss, data, parameters, options, begin, (plan, batch_size, validation, measured))
    if log is not None:
        loop.log = Log(log, ["epoch", *loop.columns()], goes_on=False)
    return finished(loop, loop.run())


def finished(loop: Loop, interrupted: bool) -> Training:
    """Give what a loop has reached; with patience, the parameters of the best epoch."""
    history = {name: list(column) for name, column in loop.history.items()}
    if loop.state.batches:  # a budget that ended within an epoch
        for name, number in loop.row().items():
            history.setdefault(name, []).append(number)
    best = loop.best
    keeps_best = best is not None and loop.plan.patience is not None
    weights = best.weights if best is not None and keeps_best else None
    return Training(
        loop.by_symbol(weights), history, loop.step.derivation, interrupted, None if best is None else best.epoch
    )


def _begun(loss: Any, data: Any, parameters: Any, options: Any, begin: Any, rest: Any) -> Loop:
    optimizer, dtype, multipliers, clip = options
    draw, generator = begin
    plan, size, validation, metrics = rest
    found = survey(loss)
    symbols = dict(found.symbols)
    for metric in metrics.values():
        symbols = {**survey(metric).symbols, **symbols}
    stream = None if isinstance(data, Mapping) else Stream(data)
    arrays = stream.first if stream else {n: as_data(n, v) for n, v in binding.named(data).items()}
    of_loss = {n: a for n, a in arrays.items() if n in found.symbols or n not in symbols}
    starts = starting_arrays(parameters, found, arrays)
    chosen = trained_symbols(loss, parameters, found, of_loss)
    pool, held = None, validation
    if is_fraction(validation):
        if stream:
            raise ValueError(
                "validation: a share can be held back of arrays only; give data for validation beside the iterable"
            )
        pool, held = held_back(validation, arrays, symbols, generator.spawn(1)[0])
    shares = checked_multipliers(multipliers, chosen)
    derivation = derive(loss, [W for W in chosen if shares.get(W.name, 1)])
    step = compiled_step(derivation, optimizer, dtype or _data_dtype(of_loss), shares, clip)
    batches = batches_of(stream or data, arrays, symbols, size, pool)
    starts |= first_values(derivation.program, chosen, {**_shown(batches, arrays, of_loss), **starts}, draw, generator)
    values = batches.bind(step.kernel, {**starts, **step.rates(0), **step.state_arrays(starts)})
    loop = Loop(step, batches, values, generator, chosen, plan)
    loop.monitors = _monitors(loss, metrics, (data, arrays, size, pool), held, symbols, loop)
    return loop


def _shown(batches: Batches, arrays: Arrays, wanted: Arrays) -> Arrays:
    # what is mapped from a file is not read to learn its shape
    shown = getattr(batches, "arrays", arrays)
    return {n: shown[n] for n in wanted if n in shown}


def _monitors(loss: Any, metrics: Any, given: Any, held: Any, symbols: Mapping[str, Name], loop: Loop) -> list[Monitor]:
    data, arrays, size, pool = given
    parameters, dtype = loop.by_name(), loop.step.kernel.dtype
    if held is not None:
        batches = validation_batches(held, symbols, size)
        return [Monitor({"validation_loss": loss, **metrics}, batches, "validation", parameters, dtype)]
    if metrics:
        batches = batches_of(Stream(data) if isinstance(loop.batches, Stream) else data, arrays, symbols, size, pool)
        return [Monitor(metrics, batches, "metrics", parameters, dtype)]
    return []


def _data_dtype(arrays: Mapping[str, Any]) -> Any:
    kinds = {a.dtype for a in arrays.values() if a.ndim == 2}
    return np.result_type(*kinds) if kinds else np.dtype(float)
