"""Training: what the user asks is checked, the step is compiled, the loop runs.

In: a loss, data and starting weights. Out: a `Training`. The step is one kernel; the loop cuts batches, keeps the
history and shows progress.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any


from symnet.backends import ByKey
from symnet.expressions import as_scalar, given
from symnet.optimizers import Optimizer, as_optimizer
from symnet.request import as_generator, check_loss
from symnet.training.begin import begun, later
from symnet.training.choosing import checked_backend
from symnet.training.initializers import Initializer, zeros
from symnet.training.loop import Loop
from symnet.training.monitor import checked_metrics, checked_patience, is_fraction
from symnet.training.plan import Task, planned
from symnet.training.result import Training
from symnet.training.start import as_initializer, checked_clip


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
    checkpoint: Any = None,
    checkpoint_every: int | str | None = None,
    backend: str = "numpy",
    devices: Any = None,
) -> Training:
    """Train the parameters of a loss, by gradient descent or by a solver.

    loss: a scalar expression; data: symbols or names → arrays that share a size symbol, the number of samples; arrays
    that NumPy maps from a file are read batch by batch. Or a list of such dictionaries, one for each step, or any
    object that gives them anew each time it is iterated.
    parameters: starting arrays by symbol or name, a list of symbols, a net or an earlier `Training` for theirs, or None
    for every matrix symbol that has no data and does not grow with the samples. What is declared symmetric or diagonal
    stays so.
    optimizer: how a parameter moves, `GradientDescent(0.1)` by default, or a learning rate; or a solver, `LBFGS()`,
    `NewtonCG()`, `GaussNewton()`, `LevenbergMarquardt()`, of which an epoch is one iteration over all data, whose loss
    in the history is the one that the iteration reached, and which ends by itself where it has converged.
    epochs, steps, seconds: the budget, whichever ends first; 100 epochs, passes over the data, where none is given.
    batch_size: samples a step, all of them by default, and where there are not so many; the last batch of an epoch may
    be smaller and counts as such.
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
    log: a `.jsonl` or `.csv` file that gets a row for each epoch. checkpoint: an `.npz` file from which `resume` goes
    on; it is written at the start, at the end, and as often as checkpoint_every says: a number of epochs (1), or text
    such as "200 steps" or "5 s".
    backend: what runs the steps: "numpy", in a workspace where arrays are large; "workspace"; "c", built by the
    system's compiler, for the smallest nets; "jax", whole epochs as one compiled loop; or "auto", whichever is the
    fastest by measured rules. `.backend` of the result says which one it was; the numbers agree to rounding.
    devices: how many of JAX's, or which (`jax.devices()[:2]`), share the samples of each step: as many for each.

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
    parameters = getattr(parameters, "parameters", parameters)  # of a net, or of an earlier training
    task = Task(
        _as_loss(loss), checked_metrics(metrics or {}), as_optimizer(optimizer), dtype,
        multipliers, checked_clip(clip), batch_size, float(validation) if is_fraction(validation) else None,
        checked_backend(backend), _devices(backend, devices, seed),
    )  # fmt: skip
    draw, generator = as_initializer(initializer), as_generator(seed)
    loop = begun(task, data, parameters, validation, plan, draw, generator)
    if checkpoint is not None:
        every = 1 if checkpoint_every is None else checkpoint_every
        loop.saver = later("checkpoint").Saver(checkpoint, every, task, _prints(data, validation))
    elif checkpoint_every is not None:
        raise ValueError("checkpoint_every: give the file as well, such as checkpoint='run.npz'")
    return _run(loop, log, goes_on=False)


def resume(
    path: Any,
    data: Any,
    *,
    validation: Any = None,
    optimizer: Optimizer | float | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    seconds: float | None = None,
    progress: bool = True,
    callback: Callable[[int, float, dict[Any, Any]], object] | None = None,
    log: Any = None,
    backend: str | None = None,
    devices: Any = None,
) -> Training:
    """Go on with a run from its checkpoint as if nothing had happened, up to the budget that it was begun with.

    What `LBFGS` and `NewtonCG` remember of earlier steps is SciPy's and in no file: their iterations are done once
    more, from where they began; a `RuntimeWarning` says so where they end at other numbers than before.

    path: the file that `train` was given as `checkpoint`, which is written on; data: as for `train`, the same.
    Where names, shapes, types or values are others than those the file was written with, a `RuntimeWarning` names
    them, and the run goes on with what is given; of batches that come only their number is compared, and of arrays
    with millions of entries some of these.
    validation: the data held back, where arrays were given; a share of the samples is held back as it was.
    optimizer: only where the run was begun with one of the user's own, or with a schedule of their own.
    epochs, steps, seconds: another budget, counted from the beginning of the run; progress, callback, log: as for
    `train`; rows are appended to the log. backend: by default the one that ran it before; devices: as for `train`.

    Gives a `Training` with the history of the whole run. Raises `ValueError` for a file that is damaged, foreign, or
    of another optimizer, `FileNotFoundError` where there is none, and what `train` raises.

    >>> import os, tempfile, symnet as sn
    >>> X, Y, w = sn.matrix("X", 1, "n"), sn.matrix("Y", 1, "n"), sn.matrix("w", 1, 1)
    >>> loss, data = sn.squared_error(w * X, Y), {X: [[1, 2, 3]], Y: [[2, 4, 6]]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "run.npz")
    ...     first = sn.train(loss, data, {w: [[0.0]]}, epochs=20, checkpoint=path)
    ...     run = sn.resume(path, data, epochs=50)
    >>> len(run.history["loss"]), run.parameters[w].round(6).tolist()
    (50, [[2.0]])
    """
    saved = later("checkpoint").Saved(path)
    backend = saved.task.backend if backend is None else checked_backend(backend)
    task = replace(saved.task, backend=backend, devices=_devices(backend, devices))
    if optimizer is not None:
        task = replace(task, optimizer=as_optimizer(optimizer))
    elif task.optimizer is None:
        raise ValueError("resume: the run was begun with an optimizer or a schedule of your own; give it as optimizer=")
    if saved.judged and validation is None:
        raise ValueError("resume: the run was judged on data held back; give them as validation=")
    if task.share is not None and validation is not None:
        raise ValueError("resume: the run holds back a share of its samples; leave validation away")
    budget: Any = (epochs, steps, seconds) if (epochs, steps, seconds) != (None, None, None) else saved.budget
    epochs, steps, seconds = budget
    plan = planned(epochs, steps, seconds, saved.patience, progress, callback)
    loop = begun(task, data, saved.parameters, validation, plan, zeros(), saved.generator, saved.split)
    saved.put_into(loop)
    prints = _prints(data, validation)
    saved.check_data(prints)
    loop.saver = later("checkpoint").Saver(path, saved.every, task, prints)
    return _run(loop, log, goes_on=True)


def _devices(backend: str, devices: Any, seed: Any = 0) -> Any:
    # those of JAX's that share the work
    asked = backend == "jax" or devices is not None
    return later("devices").chosen_devices(backend, devices, seed) if asked else None


def _prints(data: Any, validation: Any) -> tuple[Any, Any]:
    return tuple(map(later("fingerprint").fingerprint, (data, None if is_fraction(validation) else validation)))


def _as_loss(loss: Any) -> Any:
    loss = as_scalar(given(loss, "the loss"))
    check_loss(loss)
    return loss


def _run(loop: Loop, log: Any, goes_on: bool) -> Training:
    if log is not None:
        loop.log = later("log").Log(log, ["epoch", *loop.columns()], goes_on)
    interrupted = loop.run()
    history = ByKey(loop.listed())
    if loop.state.batches:  # a budget that ended within an epoch
        for name, number in loop.row().items():
            history.setdefault(name, []).append(number)
    best = loop.best
    weights = best.weights if best is not None and loop.plan.patience is not None else None
    success, message = loop.ended or getattr(loop, "why", (None, ""))
    return Training(
        loop.by_symbol(weights), history, loop.step.derivation, interrupted, None if best is None else best.epoch,
        success, message, loop.backend,
    )  # fmt: skip
