"""The loop around a solver: an epoch is one iteration over all data, and everything else is as in `Loop`.

In: a solver's step, the data, and a plan. Out: the history and the parameters reached, and why the solver ended.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from time import perf_counter as clock
from typing import Any

import numpy as np

from symnet.backends import binding
from symnet.training.divergence import first_not_finite
from symnet.training.loop import Loop, State
from symnet.training.minimise import METHODS, Ending, NotFiniteError, minimised, minimizer
from symnet.training.plan import Task
from symnet.training.system import Problem, SolverStep


LARGEST = 2**29  # entries of a Jacobian, 4 GiB


def check_solvable(task: Task, streamed: bool) -> None:
    """Raise `ValueError` for what no solver can keep to, `ModuleNotFoundError` where SciPy is missing."""
    name = type(task.optimizer).__name__
    if task.backend not in ("auto", "numpy"):
        raise ValueError(f"backend: {name} runs with NumPy; leave backend away, or train with sn.Adam()")
    if task.batch_size is not None:
        raise ValueError(f"batch_size: {name} steps on all data at once; leave it away, or train with sn.Adam()")
    if streamed:
        raise ValueError(f"data: {name} steps on all data at once; give arrays, not batches, or train with sn.Adam()")
    if task.clip is not None:
        raise ValueError(f"clip: {name} chooses the length of its steps itself; leave clip away")
    shares = binding.named(task.multipliers or {})
    for parameter, share in shares.items():
        if share not in (0, 1):
            raise ValueError(
                f"multipliers: {name} moves all parameters together, so that of {parameter} can only be 0, where it "
                f"stays as it is, or 1, not {share!r}"
            )
    if type(task.optimizer) in METHODS:
        minimizer(task.optimizer)  # type: ignore[arg-type]


class Solving(Loop):
    """Runs a solver. Arguments as for `Loop`."""

    step: SolverStep

    def __init__(self, step: SolverStep, batches: Any, values: dict[str, Any], *others: Any) -> None:
        starts = {name: np.float64(start) for name, start in step.starts.items()}
        super().__init__(step, batches, {**values, **starts}, *others)
        self.values = {n: v for n, v in self.values.items() if n not in starts}
        self.anchor = self.state
        self.origin = self.state.weights  # from where SciPy began: what it remembers of its steps is in no file
        self.again = 0  # iterations that it still has to go through once more

    def run(self) -> bool:
        """Run until the solver or the plan is over; give whether Ctrl-C ended it. Raises `FloatingPointError`."""
        interrupted = super().run()
        if self.ended is None:
            self.why = Ending(False, "interrupted" if interrupted else self._why())
        return interrupted

    def _why(self) -> str:
        plan, state = self.plan, self.state
        if plan.is_over(state.epochs, state.steps, self.elapsed):
            done = f"{state.epochs} iteration{'s' * (state.epochs != 1)}"
            return f"the budget is spent, after {done}; the loss can still fall"
        return "patience: the validation loss no longer falls" if self._impatient() else "the callback ended it"

    def _is_over(self) -> bool:
        return self.ended is not None or super()._is_over()

    def _until_over(self) -> None:
        if self._is_over():
            return
        step, solver = self.step, self.step.solver
        number = len(step.derivation.wrt)
        weights = self.state.weights
        if type(solver) in METHODS:
            weights, self.again = self.origin, self.state.steps
        self.problem = Problem(step, self.values, weights[:number])
        x = self.problem.column(weights[:number])
        states = {n: float(v) for n, v in zip(step.starts, weights[number:], strict=True)}
        self._check_start(x)
        try:
            ending = minimised(self.problem, x, states, solver, self._reported)
        except NotFiniteError as error:
            self._diverged_at(*error.args)
        if ending is not None and self.ended is None:
            self.ended = ending
            if self.again:
                self._elsewhere()
            if not self.state.epochs:  # nothing had to be done: the history says so with one row
                self._reported(x, self.problem.loss(x)[0], states, ending)

    def _check_start(self, x: Any) -> None:
        loss, gradient = self.problem.loss(x)
        if not np.isfinite(loss) or not np.isfinite(gradient).all():
            self._diverged_at(x, {})
        if self.step.system is None:
            return
        name, r = type(self.step.solver).__name__, self.problem.residuals(x)[1]
        if r.size * x.size > LARGEST:
            raise ValueError(
                f"{name}: the Jacobian of {r.size:,} residuals by {x.size:,} numbers would take "
                f"{r.size * x.size / 2**27:.0f} GiB; train with sn.LBFGS(), which needs none"
            )
        if not np.isfinite(r).all():
            raise ValueError(
                f"{name}: a factor of a square in the loss is negative for these data, so the loss is no sum of "
                f"squares: {self._first_not_finite(x)}; give one that is not negative, or train with sn.LBFGS()"
            )

    def _first_not_finite(self, x: Any) -> str:
        assert self.step.plain is not None
        values = dict(zip(self.problem.names, self.problem.parameters(x), strict=True))
        return first_not_finite(replace(self.step, derivation=self.step.plain), {**self.values, **values})

    def _reported(self, x: Any, loss: float, states: dict[str, float], ending: Ending | None) -> bool:
        # an iteration is over; give whether to stop
        if self.again:
            return self._been_there(x)
        weights = [*self.problem.parameters(x), *map(np.float64, states.values())]
        self.anchor, self.ended = self.state, ending
        self.state = State(weights, self.state.epochs, 1, self.state.steps + 1, loss, 1)
        stopped = self._epoch_ended()
        if self.saver is not None:
            self.saver.glance(self)
        return stopped or self._is_over()

    def _been_there(self, x: Any) -> bool:
        # an iteration of the earlier run, once more: nobody is told, and its time is not counted
        self.again -= 1
        reached = zip(self.problem.parameters(x), self.state.weights, strict=True)
        if not self.again and not all(np.array_equal(new, old) for new, old in reached):
            self._elsewhere()
        self.started = clock()
        return False

    def _elsewhere(self) -> None:
        text = (
            f"{type(self.step.solver).__name__} did the {self.state.steps} iterations up to the checkpoint once more, "
            "and they end at other numbers: the data, SciPy, NumPy or the machine is another; training goes on so"
        )
        warnings.warn(text, RuntimeWarning, stacklevel=2)

    def _diverged_at(self, x: Any, states: dict[str, float]) -> None:
        loss, _ = self.problem.loss(x)
        step = self.state.steps + 1
        error: Any = FloatingPointError(
            f"training diverged: the loss is {loss} at step {step}; {self._first_not_finite(x)}. Start "
            "from other parameters, or check the data; the last finite parameters are on this error: .parameters, "
            ".history"
        )
        error.parameters, error.history, error.step, error.samples = self.by_symbol(), self.listed(), step, None
        raise error

    def _diverged(self) -> None:
        self._diverged_at(self.problem.column(self.state.weights[: len(self.problem.names)]), {})
