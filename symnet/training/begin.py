"""From a task and data to a loop that can run: everything is checked, derived and compiled here, once.

In: a `Task`, data, parameters, random numbers. Out: a `Loop` at its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symnet.backends import binding, fitted, in_workspace
from symnet.derivation import derive
from symnet.expressions import Name
from symnet.program import survey
from symnet.training.batches import Arrays, Stream, as_data, batches_of
from symnet.training.initializers import Initializer
from symnet.training.loop import Loop
from symnet.training.monitor import Monitor, held_back, validation_batches
from symnet.training.plan import Plan, Task
from symnet.training.start import checked_multipliers, first_values, starting_arrays, trained_symbols
from symnet.training.step import Step, compiled_step

GAINS = 1024  # entries of the largest array from which the function of a workspace is worth being made


def begun(
    task: Task, data: Any, parameters: Any, validation: Any, plan: Plan,
    draw: Initializer, generator: np.random.Generator, split: np.random.Generator | None = None,
    step: Step | None = None,
) -> Loop:  # fmt: skip
    """Give the loop of a task. `split`: what chooses the samples to hold back; spawned from `generator` by default.
    `step`: one that was compiled for the task before.

    Raises what `train` raises before its first step.
    """
    found = survey(task.loss)
    symbols = dict(found.symbols)
    for metric in task.metrics.values():
        symbols = {**survey(metric).symbols, **symbols}
    stream = None if isinstance(data, Mapping) else Stream(data)
    arrays = stream.arrays if stream else {n: as_data(n, v) for n, v in binding.named(data).items()}
    of_loss = {n for n in arrays if n in found.symbols or n not in symbols}
    starts = starting_arrays(parameters, found, arrays)
    chosen = trained_symbols(task.loss, parameters, found, {n: arrays[n] for n in of_loss})
    arrays, starts = ({n: fitted(symbols[n], a) for n, a in some.items()} for some in (arrays, starts))
    pool, told = None, None
    if task.share is not None:
        if stream:
            raise ValueError("validation: a share can be held back of arrays only; give other batches as validation")
        split = split or generator.spawn(1)[0]
        told = split.bit_generator.state
        pool, validation = held_back(task.share, arrays, symbols, split)
    shares = checked_multipliers(task.multipliers or {}, chosen)
    if step is None:
        derivation = derive(task.loss, [W for W in chosen if shares.get(W.name, 1)])
        dtype = _data_dtype(arrays[n] for n in of_loss) if task.dtype is None else task.dtype
        step = compiled_step(derivation, task.optimizer, dtype, shares, task.clip)
    batches = batches_of(stream or data, arrays, symbols, task.batch_size, pool)
    known = {n: a for n, a in batches.first().items() if n in of_loss}
    starts |= first_values(step.derivation.program, chosen, {**known, **starts}, draw, generator)
    values = batches.bind(step.kernel, {**starts, **step.rates(0), **step.state_arrays(starts)})
    if stream is None and _largest(starts, task.batch_size or batches.samples or 1) >= GAINS:
        step = replace(step, kernel=in_workspace(step.kernel, copy=True))
    loop = Loop(step, batches, values, generator, chosen, plan)
    loop.split = told
    loop.monitors = _monitors(task, (data, arrays, pool), validation, symbols, loop)
    return loop


def _largest(parameters: Mapping[str, Any], batch: int) -> int:
    # about as many entries as the largest array of a step has: a parameter, or a layer for all samples of a batch
    return max((max(np.size(W), max(np.shape(W), default=1) * batch) for W in parameters.values()), default=0)


def _monitors(
    task: Task, given: tuple[Any, Arrays, Any], held: Any, symbols: Mapping[str, Name], loop: Loop
) -> list[Monitor]:
    data, arrays, pool = given
    parameters, dtype = loop.by_name(), loop.step.kernel.dtype
    if held is not None:
        batches = validation_batches(held, symbols, task.batch_size)
        return [Monitor({"validation_loss": task.loss, **task.metrics}, batches, "validation", parameters, dtype)]
    if task.metrics:
        again = Stream(data) if isinstance(loop.batches, Stream) else data
        batches = batches_of(again, arrays, symbols, task.batch_size, pool)
        return [Monitor(task.metrics, batches, "metrics", parameters, dtype)]
    return []


def _data_dtype(arrays: Any) -> Any:
    kinds = {a.dtype if a.dtype.kind == "f" else np.dtype(float) for a in arrays if a.ndim == 2}
    return np.result_type(*kinds) if kinds else np.dtype(float)
