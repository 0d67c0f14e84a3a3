"""From a task and data to a loop that can run: everything is checked, derived and compiled here, once.

In: a `Task`, data, parameters, random numbers. Out: a `Loop` at its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from symnet.backends import binding, check_facts, fitted
from symnet.derivation import derive
from symnet.expressions import Name, declared, facts_of
from symnet.program import survey
from symnet.training.batches import Arrays, Batches, Stream, Whole, as_data, batches_of
from symnet.training.cutting import check_cut
from symnet.training.choosing import Work, picked, work_of
from symnet.training.initializers import Initializer
from symnet.training.loop import Loop
from symnet.optimizers import Solver
from symnet.training.monitor import Monitor, held_back, validation_batches
from symnet.training.plan import Plan, Task
from symnet.training.start import (
    check_scalars, check_trained, checked_multipliers, first_values, starting_arrays, trained_symbols,
)  # fmt: skip
from symnet.training.step import Step, compiled_step


def later(file: str) -> Any:
    """Give a file of this wing that not everybody needs."""
    return import_module(f"symnet.training.{file}")


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
    symbols = _symbols_of(task, found.symbols)
    stream = None if isinstance(data, Mapping) else Stream(data)
    arrays = stream.arrays if stream else {n: as_data(n, v) for n, v in binding.named(data).items()}
    solver = isinstance(task.optimizer, Solver)
    if solver:
        later("solving").check_solvable(task, stream is not None)
    of_loss = {n for n in arrays if n in found.symbols or n not in symbols}
    starts = starting_arrays(parameters, found, arrays)
    chosen = trained_symbols(task.loss, parameters, found, {n: arrays[n] for n in of_loss})
    check_scalars(found, chosen, arrays)
    arrays, starts = ({n: fitted(symbols[n], a) for n, a in some.items()} for some in (arrays, starts))
    if not stream:
        check_cut(arrays, symbols, task.batch_size, task.share)
    pool, told = None, None
    if task.share is not None:
        if stream:
            raise ValueError("validation: a share can be held back of arrays only; give other batches as validation")
        split = split or generator.spawn(1)[0]
        told = split.bit_generator.state
        pool, validation = held_back(task.share, arrays, symbols, split)
    shares = checked_multipliers(task.multipliers or {}, chosen)
    if step is None:
        moving = [W for W in chosen if shares.get(W.name, 1)]
        check_trained(moving)
        derivation = derive(task.loss, moving)
        dtype = _data_dtype(arrays[n] for n in of_loss) if task.dtype is None else task.dtype
        compiled: Any = later("system").solver_step if solver else compiled_step
        step = compiled(derivation, task.optimizer, dtype, *(() if solver else (shares, task.clip)))
    batches = batches_of(stream or data, arrays, symbols, task.batch_size, pool)
    known = {n: a for n, a in batches.first().items() if n in of_loss}
    starts |= first_values(step.derivation.program, chosen, {**known, **starts}, draw, generator)
    values = batches.bind(step.kernel, {**starts, **step.rates(0), **step.state_arrays(starts)})
    _check_kept(step, values, task)
    backend, step = _with_backend(step, task, values, batches, work_of(starts, task.batch_size, batches, plan))
    runs = _runs(task if backend == task.backend else replace(task, backend=backend), batches)
    loop: Loop = runs(step, batches, values, generator, chosen, plan)
    loop.backend = backend
    loop.split, loop.monitors = told, _monitors(task, (data, arrays, pool), validation, symbols, loop)
    return loop


def _symbols_of(task: Task, of_loss: Mapping[str, Name]) -> dict[str, Name]:
    symbols = dict(of_loss)
    for metric in task.metrics.values():
        symbols = {**survey(metric).symbols, **symbols}
    return symbols


def _runs(task: Task, batches: Batches) -> Any:
    # what makes the loop
    if task.backend == "jax":
        comes = not isinstance(batches, Whole) and bool(getattr(batches, "mapped", True))
        loop = later("streaming").Streaming if comes else later("scanning").Scanning
        return partial(loop, later("devices").Placed(task.devices))
    return later("solving").Solving if isinstance(task.optimizer, Solver) else Loop


def _check_kept(step: Step, values: Arrays, task: Task) -> None:
    # one step, to see whether a symmetric matrix is one still
    moving = {W: k for k, W in enumerate(step.moving) if facts_of(W)}
    if not moving:
        return
    with np.errstate(all="ignore"):
        new = step.kernel.function(*[values[n] for n in step.kernel.arguments])[1]
    for W, k in moving.items():
        try:
            check_facts([W], {W.name: new[k]})
        except ValueError:
            raise ValueError(
                f"{W.name} is declared {declared.said(W.facts)}, and a step of {type(task.optimizer).__name__} makes "
                f"something else of it; choose an optimizer that moves each entry by itself, such as sn.Adam(), or "
                f"write {W.name} with a free matrix M, such as M + M.T"
            ) from None


def _with_backend(step: Any, task: Task, values: Arrays, batches: Batches, work: Work) -> tuple[str, Any]:
    # the backend that runs, and the step with its kernel
    if isinstance(task.optimizer, Solver):
        return "numpy", step

    def first() -> list[Any]:
        pieces, _, _ = next(iter(batches.of_epoch(None)))
        known = {**values, **dict(zip(batches.names, pieces, strict=True))}
        return [known[n] for n in step.kernel.arguments]

    name, kernel = picked(task.backend, step.kernel, work, first)
    return name, replace(step, kernel=kernel)


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
