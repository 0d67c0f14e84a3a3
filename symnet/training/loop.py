"""The loop: one compiled step after another, counted so that it can stop anywhere and go on as if it had not.

In: a step, batches, and a plan. Out: the history and the parameters reached. All that changes is in `Loop.state`, one
tuple that is replaced after each step as a whole, in the history, and in the best epoch so far.
"""

from __future__ import annotations

from array import array
from functools import cached_property
from math import isfinite
from time import perf_counter as clock
from typing import Any, NamedTuple

import numpy as np

from symnet.backends import ByKey
from symnet.expressions import Name
from symnet.optimizers import rate_at
from symnet.training.batches import Batches
from symnet.training.divergence import first_not_finite
from symnet.training.monitor import Monitor
from symnet.training.plan import Plan
from symnet.training.progress import Bar
from symnet.training.step import Step

INFINITY = float("inf")
GLANCE = 0.2  # seconds between two looks of somebody who watches the bar


def _finite(weights: list[Any]) -> bool:
    # a sum of squares is quick; where it overflows, each entry is looked at
    return isfinite(sum(map(np.vdot, weights, weights))) or all(np.isfinite(w).all() for w in weights)


class State(NamedTuple):
    """Where training is: the weights, then the counts of epochs, of the batches of this epoch and of all steps; the sum
    of the losses in this epoch, weighted by samples, and the number of these samples."""

    weights: list[Any]
    epochs: int = 0
    batches: int = 0
    steps: int = 0
    total: float = 0.0
    samples: int = 0


class Best(NamedTuple):
    """The epoch with the lowest validation loss so far."""

    loss: float
    epoch: int
    weights: list[Any]


class Loop:
    """Runs a plan. `values`: the arguments of the step that do not move, by name, and the start of those that do."""

    def __init__(
        self, step: Step, batches: Batches, values: dict[str, Any], generator: np.random.Generator,
        symbols: list[Name], plan: Plan,
    ) -> None:  # fmt: skip
        self.step, self.batches, self.generator, self.symbols, self.plan = step, batches, generator, symbols, plan
        moving = [s.name for s in step.moving]
        self.values = {n: v for n, v in values.items() if n not in moving}
        self.state = State([values[n] for n in moving])
        self.monitors: list[Monitor] = []
        self.history: dict[str, array[float]] = {"loss": array("d")}  # a number of a million epochs takes 8 MB
        self.best: Best | None = None
        self.log: Any = None
        self.saver: Any = None
        self.backend = "numpy"
        self.split: Any = None  # the state of the random numbers that chose the samples held back
        self.order = generator.bit_generator.state  # of the epoch that runs
        self.ended: Any = None  # whether a solver has converged, and why it ended
        self.seconds = 0.0  # of earlier runs that this one goes on from
        self.started = clock()

    @property
    def elapsed(self) -> float:
        """The seconds spent, those of an earlier part included."""
        return self.seconds + clock() - self.started

    def run(self) -> bool:
        """Run until the plan is over; give whether Ctrl-C ended it. Raises `FloatingPointError`."""
        by_steps = self.plan.epochs is None and self.plan.steps is not None
        total, unit, start = (self.plan.epochs, "epoch", self.state.epochs)
        if by_steps:
            total, unit, start = self.plan.steps, "step", self.state.steps
        self.bar = Bar(total, unit, start, self.plan.progress)
        self.started = clock()
        interrupted = False
        if self.saver is not None:
            self.saver.write(self)
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a loss that is not finite raises
                self._until_over()
        except KeyboardInterrupt:
            interrupted = True
        finally:
            self.bar.close()
            self.seconds, self.started = self.elapsed, clock()
            if self.saver is not None:
                self.saver.write(self)
        return interrupted

    def _until_over(self) -> None:
        stopped = False
        while not (stopped or self._is_over()):
            stopped = self._epoch() and self._epoch_ended()

    def _is_over(self) -> bool:
        state = self.state
        return self.plan.is_over(state.epochs, state.steps, self.elapsed) or self._impatient()

    def _impatient(self) -> bool:
        patience = self.plan.patience
        return patience is not None and self.best is not None and self.state.epochs - self.best.epoch >= patience

    def _epoch(self) -> bool:
        # give whether the epoch came to its end
        function, arguments, slots, varying = self._call
        clock_at, stops = self._next_look(), self._next_stop(self.state.steps)
        weights, epochs, batches, steps, total, count = self.anchor = self.state
        self._draw_from(self.order)
        for pieces, samples, _ in self.batches.of_epoch(self.generator, batches):
            for k, piece in zip(slots, pieces, strict=True):
                arguments[k] = piece
            for k, name, rate in varying:
                arguments[k] = rate_at(rate, steps, name)
            loss, weights = function(*arguments, *weights)
            loss = float(loss)
            if not -INFINITY < loss < INFINITY:
                self._diverged()
            batches, steps, total, count = batches + 1, steps + 1, total + loss * samples, count + samples
            self.state = State(weights, epochs, batches, steps, total, count)
            if steps >= stops or (clock_at < INFINITY and clock() >= clock_at):
                clock_at = self._look()
                stops = self._next_stop(steps)
                if self._is_over() and batches != self.batches.steps:
                    return False
        if self.batches.steps is None:
            self.batches.steps = batches
        return True

    def _draw_from(self, state: Any) -> None:
        # where no batch is drawn, the random numbers are left alone
        if self.batches.draws:
            self.generator.bit_generator.state = state

    @cached_property
    def _call(self) -> tuple[Any, list[Any], list[int], list[tuple[int, str, Any]]]:
        # the bare function and what it takes before the weights; the places of the batch in it, and of the rates that
        # change
        kernel = self.step.kernel
        places = {n: k for k, n in enumerate(n for n in kernel.arguments if n in self.values)}
        varying = [(places[n], n, r) for n, r in self.step.hyperparameters.items() if callable(r)]
        return kernel.function, [self.values[n] for n in places], [places[n] for n in self.batches.names], varying

    def _next_look(self) -> float:
        if self.saver is None and self.plan.seconds is None and not self.bar:
            return INFINITY
        times = [clock() + GLANCE] if self.bar else []
        if self.plan.seconds is not None:
            times.append(self.started + self.plan.seconds - self.seconds)
        if self.saver is not None:
            times.append(self.saver.next_time())
        return min(times)

    def _next_stop(self, steps: int) -> float:
        stop = self.plan.steps if self.plan.steps and self.plan.steps > steps else INFINITY
        return stop if self.saver is None else min(stop, self.saver.next_step(steps) or INFINITY)

    def _look(self) -> float:
        state = self.state
        if self.saver is not None:
            self.saver.glance(self)
        if self.bar:
            numbers = {**self._last(), "loss": state.total / max(state.samples, 1), **self.rate()}
            self._show(numbers)
        return self._next_look()

    def _show(self, numbers: dict[str, float]) -> None:
        shown = {n: numbers[n] for n in numbers if n != "seconds"}
        done = self.state.steps if self.bar.unit == "step" else self.state.epochs
        seen = (self.batches.samples or 0) * self.state.epochs + self.state.samples
        if seen and self.elapsed > self.seconds:
            shown["samples/s"] = seen / self.elapsed
        self.bar.show(done, shown)

    def _last(self) -> dict[str, float]:
        return {name: column[-1] for name, column in self.history.items() if column}

    def rate(self) -> dict[str, float]:
        """Give the learning rate of the last step by the name `rate`, where the optimizer has one."""
        name = self.step.rate
        if name is None:
            return {}
        rate = self.step.hyperparameters[name]
        return {"rate": rate_at(rate, max(self.state.steps - 1, 0), name) if callable(rate) else float(rate)}

    def listed(self) -> dict[str, list[float]]:
        """Give the history as lists, by the names of its columns."""
        return {name: column.tolist() for name, column in self.history.items()}

    def columns(self) -> list[str]:
        """Give the names of the numbers that `row` gives."""
        measured = [name for monitor in self.monitors for name in monitor.names]
        return ["loss", *measured, *self.rate(), "seconds"]

    def row(self) -> dict[str, float]:
        """Give the numbers of the history for the state that is reached."""
        row = {"loss": self.state.total / max(self.state.samples, 1)}
        for monitor in self.monitors:
            row |= monitor(self.by_name())
        return {**row, **self.rate(), "seconds": self.elapsed}

    def _epoch_ended(self) -> bool:
        # give whether somebody wants training to stop
        if not _finite(self.state.weights):
            self._diverged()
        row = self.row()
        for name, number in row.items():
            if name not in self.history:
                self.history[name] = array("d")
            self.history[name].append(number)
        self.state = State(self.state.weights, self.state.epochs + 1, 0, self.state.steps)
        if self.batches.draws:
            self.order = self.generator.bit_generator.state
        judged = row.get("validation_loss")
        if judged is not None and (self.best is None or judged < self.best.loss):
            self.best = Best(judged, self.state.epochs, self.state.weights)
        if self.log is not None:
            self.log.write({"epoch": self.state.epochs, **row})
        if self.bar:
            self._show(row)
        if self.saver is not None:
            self.saver.epoch_ended(self)
        return self._told(row["loss"])

    def _told(self, loss: float) -> bool:
        if self.plan.callback is None:
            return False
        try:
            return self.plan.callback(self.state.epochs, loss, self.by_symbol()) is True
        except StopIteration:
            return True

    def by_name(self, weights: list[Any] | None = None) -> dict[str, Any]:
        """Give the parameters by name: those reached, or other weights."""
        moved = zip(self.step.moving, self.state.weights if weights is None else weights, strict=True)
        reached = {s.name: w for s, w in moved}
        return {W.name: reached.get(W.name, self.values.get(W.name)) for W in self.symbols}

    def by_symbol(self, weights: list[Any] | None = None) -> ByKey:
        """Give copies of the parameters by symbol."""
        found = self.by_name(weights)
        return ByKey((W, np.copy(found[W.name])[()]) for W in self.symbols)

    def _once(self, values: dict[str, Any], weights: list[Any], _steps: int) -> tuple[Any, list[Any]]:
        # the loss and the new weights of one step, after so many
        loss, moved = self.step.kernel.function(*[values[n] for n in self.values], *weights)
        return loss, moved

    def _diverged(self) -> None:
        # the steps of this epoch once more, each looked at: the first one whose values are not finite is reported
        weights, epochs, batches, steps, total, count = self.anchor
        self._draw_from(self.order)
        values = dict(self.values)
        places = None
        for pieces, samples, places in self.batches.of_epoch(self.generator, batches):  # noqa: B007
            values |= dict(zip(self.batches.names, pieces, strict=True)) | self.step.rates(steps)
            loss, moved = self._once(values, weights, steps)
            if not np.isfinite(loss) or not _finite(moved):
                break
            weights, batches, steps = moved, batches + 1, steps + 1
            total, count = total + float(loss) * samples, count + samples
        self.state = State(weights, epochs, batches, steps, total, count)
        moving = {s.name: w for s, w in zip(self.step.moving, weights, strict=True)}
        which = "" if places is None or isinstance(places, int) else f", samples {_listed(places)}"
        error: Any = FloatingPointError(
            f"training diverged: the loss is {loss} at step {steps + 1} (epoch {epochs + 1}{which}); "
            f"{first_not_finite(self.step, {**values, **moving})}. Lower the learning rate, clip the gradients with "
            "clip=1.0, or check the data; the last finite parameters are on this error: .parameters, .history"
        )
        error.parameters, error.history = self.by_symbol(), self.listed()
        error.step, error.samples = steps + 1, places
        raise error


def _listed(places: Any) -> str:
    return ", ".join(map(str, places[:8])) + (f" and {len(places) - 8} more" if len(places) > 8 else "")
