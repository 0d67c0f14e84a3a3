"""The loop with JAX: whole epochs, and many short ones at once, run compiled; everything else is as in `Loop`.

In: a step, batches and a plan, and the devices. Out: what `Loop` gives. Python comes to its turn where somebody wants
to know: at the end of an epoch with a callback, validation, metrics or a checkpoint, else about four times a second.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from time import perf_counter as clock
from typing import Any

import numpy as np

from symnet.backends import in_64_bits, jax_function
from symnet.optimizers import rate_at, rates_at
from symnet.training.batches import Pieces, Whole
from symnet.training.devices import Placed
from symnet.training.loop import Loop, State
from symnet.training.scanned import MORE, ORDER, Layout, Scan

LONG = 0.25  # seconds after which Python comes to its turn: Ctrl-C is heard, the bar moves
BLIND = 256  # steps that are taken where it is not known how long one lasts
STEPS, PLACES = 1 << 16, 1 << 20  # what is prepared at once: steps, and places of samples


@dataclass(frozen=True)
class Span:
    """Steps that run without a break. `before`, `after`: the state of the random numbers; `first`: the steps taken
    before; `begin`: the batch it begins with; `steps`, and the `epochs` that come to their end in them; `order` and
    `rates`: what these steps take."""

    before: Any
    after: Any
    first: int
    begin: int
    steps: int
    epochs: int
    order: Any
    rates: dict[str, Any]


class Scanning(Loop):
    """Runs steps with JAX. `placed`: on which devices; the others as for `Loop`.

    Raises `ValueError` where the devices have no equal parts of a batch, or for a budget that each of several processes
    would understand otherwise, `TypeError` for a node that JAX cannot run.
    """

    def __init__(self, placed: Placed, *others: Any) -> None:
        super().__init__(*others)
        placed.check(self.batches)
        if placed.hosts > 1 and self.plan.seconds is not None:
            raise ValueError("seconds: several processes must take the same steps; give epochs= or steps= instead")
        self.placed = placed
        self.function = jax_function(self.step.kernel)
        self.varying = [n for n, rate in self.step.hyperparameters.items() if callable(rate)]
        self.scan: Any = None
        self.pace: float | None = None  # seconds that a step lasts
        self.ready: Span | None = None  # what is prepared while JAX computes
        self.single = False  # whether each epoch runs alone: one of them diverges
        self.reached: tuple[Any, Any] = (None, None)  # weights, and the same on the devices

    def run(self) -> bool:
        """Run until the plan is over; give whether Ctrl-C ended it. Raises what `Loop.run` raises."""
        if not self.placed.is_first:  # one process writes and shows
            self.plan = replace(self.plan, progress=False)
            for writer in (self.saver, self.log):
                if writer is not None:
                    writer.muted = True
        if not self._is_over():
            self._compile()
        try:
            return super().run()
        finally:
            if self.ready is not None:  # whoever gave the random numbers finds them as if nothing had been prepared
                self._draw_from(self.ready.before)

    # -- what is compiled

    def _compile(self) -> None:
        # no step is taken yet: what JAX cannot run is refused now
        self.scan = Scan(self.step, self.function, self.values, self._held(), self._layout(), self.placed)
        self._taken(self.scan, self._padded(np.zeros(0)), {n: np.ones(0) for n in self.varying}, 0, 0, 0)

    def _layout(self) -> Layout:
        batches, left = self.batches, self._unwatched(self.state.epochs)
        if isinstance(batches, Whole):
            return Layout(epochs=min(left, STEPS))
        assert isinstance(batches, Pieces) and batches.samples is not None and batches.steps is not None
        full, rest = divmod(batches.samples, batches.size)
        room = max(1, min(left, STEPS // batches.steps, PLACES // batches.samples))
        return Layout(full, batches.size, rest, room, {n: batches.axes[n] for n in batches.names})

    def _held(self) -> dict[str, Any]:
        # the arrays that stay the same, on the devices; what is gathered with a row a sample
        batches: Any = self.batches
        with in_64_bits():
            if isinstance(batches, Whole):
                return {n: self.placed.put(a, batches.axes.get(n)) for n, a in self.values.items() if np.ndim(a)}
            turned = {n: a.T if batches.axes.get(n) == 1 else a for n, a in self.values.items() if np.ndim(a)}
            return {n: self.placed.put(a) for n, a in turned.items()}

    # -- what is run

    def _epoch(self) -> bool:
        # give whether an epoch came to its end: the last of several, of which those before are in the history
        clock_at, stops = self._next_look(), self._next_stop(self.state.steps)
        while True:
            span = self._next_span()
            if not self._ran(span):
                continue
            if self.state.steps >= stops or clock() >= clock_at:
                clock_at = self._look()
                stops = self._next_stop(self.state.steps)
            if span.epochs:
                return True
            if self._is_over():
                return False

    def _ran(self, span: Span) -> bool:
        # run a span; give whether it counts: where a value is not finite, its epochs are to run one by one
        state, start = self.state, self.elapsed
        self.anchor = state
        end = span.begin + span.steps
        weights, losses = self._taken(self.scan, span.order, span.rates, span.first, span.begin, end, span)
        layout, sizes = self.scan.layout, self._sizes(span)
        found = losses * sizes
        finite = bool(np.isfinite(losses).all())
        if finite and span.epochs > 1:
            finite = all(np.isfinite(w).all() for w in weights)
        if not finite and span.epochs > 1:
            self.single, self.ready = True, None
            return False
        if not finite:
            self._diverged()
        if not span.epochs:
            total, count = state.total + float(found.sum()), state.samples + int(sizes.sum())
            self.state = State(weights, state.epochs, state.batches + span.steps, end_of(span), total, count)
            return True
        cuts = np.arange(span.epochs) * layout.steps - span.begin
        totals = np.add.reduceat(found, np.maximum(cuts, 0))
        totals[0] += state.total
        count = int(sizes[-layout.steps :].sum()) if span.epochs > 1 else state.samples + int(sizes.sum())
        self._unseen(totals[:-1] / count, span, start)
        epochs = state.epochs + span.epochs - 1
        self.state = State(weights, epochs, layout.steps, end_of(span), float(totals[-1]), count)
        self._draw_from(span.after)
        return True

    def _sizes(self, span: Span) -> Any:
        # the samples of each step
        layout = self.scan.layout
        if not layout.axes:
            return np.full(span.steps, self.batches.samples or 1)
        places = np.arange(span.begin, span.begin + span.steps) % layout.steps
        return np.where(places < layout.full, layout.size, layout.rest)

    def _once(self, values: dict[str, Any], weights: list[Any], steps: int) -> tuple[Any, list[Any]]:
        batch = {n: values[n] for n in self.batches.names}
        return self.scan.one(weights, batch, {n: values[n] for n in self.varying}, steps)  # type: ignore[no-any-return]

    def _unseen(self, losses: Any, span: Span, start: float) -> None:
        # the rows of epochs that nobody watched; their seconds are equal parts
        number = len(losses)
        if not number:
            return
        columns = {"loss": losses, **self._rates_unseen(span, number)}
        spent = (self.elapsed - start) / (number + 1)
        columns["seconds"] = start + spent * np.arange(1, number + 1)
        for name, column in columns.items():
            self.history.setdefault(name, array("d")).frombytes(np.asarray(column, float).tobytes())
        if self.log is not None:
            for k in range(number):
                row = {name: float(column[k]) for name, column in columns.items()}
                self.log.write({"epoch": self.state.epochs + k + 1, **row})

    def _rates_unseen(self, span: Span, number: int) -> dict[str, Any]:
        name = self.step.rate
        if name is None:
            return {}
        if name not in self.varying:
            return {"rate": np.full(number, rate_at(self.step.hyperparameters[name], 0, name))}
        last = (np.arange(number) + 1) * self.scan.layout.steps - 1 - span.begin
        return {"rate": span.rates[name][last]}

    def _taken(
        self, scan: Scan, feed: Any, rates: Any, first: int, begin: int, end: int, span: Span | None = None
    ) -> tuple[list[Any], Any]:
        # take steps; give the weights and the losses as arrays of NumPy's
        started = clock()
        with in_64_bits():
            known, weights = self.reached
            if known is not self.state.weights:
                weights = [self.placed.put(w) for w in self.state.weights]
            room = np.zeros((len(rates), scan.layout.room + MORE), self.step.kernel.dtype)
            for row, numbers in zip(room, rates.values(), strict=True):
                row[begin : begin + len(numbers)] = numbers
            placed = {n: self.placed.put(row) for n, row in zip(rates, room, strict=True)}
            moved, losses = scan(weights, feed, placed, first - begin, begin, end)
            if span is not None:
                self._prepare_next(span)
            found = np.asarray(losses)[begin:end]
            host = [np.asarray(w)[()] for w in moved]
        if end > begin:
            self.pace = (clock() - started) / (end - begin)
        self.reached = (host, moved)
        return host, found

    # -- what is run next

    def _unwatched(self, epochs: int) -> int:
        # how many epochs may end before somebody wants to know
        if self.single or self.plan.callback is not None or self.monitors:
            return 1
        left = [STEPS]
        if self.plan.epochs is not None:
            left.append(self.plan.epochs - epochs)
        if self.saver is not None:
            left.append(self.saver.next_epoch(epochs) - epochs)
        return max(1, min(left))

    def _allowed(self, epochs: int, steps: int, begin: int, pace: bool) -> tuple[int, int]:
        # how many steps may be taken, and how many epochs come to their end in them
        layout = self.scan.layout
        most = min(self._next_stop(steps) - steps, self._by_pace() if pace else STEPS * layout.steps)
        left = layout.steps - begin
        if most < left:
            return int(most), 0
        number = min(1 + int(most - left) // layout.steps, self._unwatched(epochs), layout.epochs)
        return left + (number - 1) * layout.steps, number

    def _by_pace(self) -> int:
        if self.placed.hosts > 1:  # the same in every process
            return max(BLIND, self.scan.layout.steps)
        if self.pace is None:
            return BLIND
        left = LONG if self.plan.seconds is None else min(LONG, self.plan.seconds - self.elapsed)
        return max(1, int(left / self.pace))

    def _next_span(self) -> Span:
        state, ready, self.ready = self.state, self.ready, None
        if ready is not None and (ready.first, ready.begin) == (state.steps, state.batches):
            steps, epochs = self._allowed(state.epochs, state.steps, state.batches, pace=False)
            fits = ready.epochs <= epochs if ready.epochs else ready.steps <= steps and not epochs
            if fits and ready.before == self.order:
                return ready
        return self._span(self.order, state.epochs, state.steps, state.batches)

    def _prepare_next(self, span: Span) -> None:
        # while JAX computes; what cannot be is said when its turn has come
        epochs, steps = self.state.epochs + span.epochs, end_of(span)
        begin = 0 if span.epochs else span.begin + span.steps
        if self.plan.is_over(epochs, steps, 0.0):
            return
        try:
            self.ready = self._span(span.after if span.epochs else span.before, epochs, steps, begin)
        except Exception:
            self.ready = None

    def _span(self, before: Any, epochs: int, first: int, begin: int) -> Span:
        steps, number = self._allowed(epochs, first, begin, pace=True)
        rates = {n: rates_at(self.step.hyperparameters[n], first, steps, n) for n in self.varying}  # type: ignore[arg-type]
        known = min(map(len, rates.values()), default=steps)
        if known < steps:  # a rate that is none comes later: until then
            left = self.scan.layout.steps - begin
            number = 1 + (known - left) // self.scan.layout.steps if known >= left else 0
            steps = left + (number - 1) * self.scan.layout.steps if number else known
            rates = {n: r[:steps] for n, r in rates.items()}
        order, after = self._order(before, max(number, 1))
        return Span(before, after, first, begin, steps, number, order, rates)

    def _order(self, before: Any, epochs: int) -> tuple[Any, Any]:
        # the places of the samples in some epochs, on the devices, and the state of the random numbers behind them
        if not isinstance(self.batches, Pieces):
            return {}, before
        self.generator.bit_generator.state = before
        order = np.empty((epochs, self.scan.layout.samples), np.int32)
        for row in order:
            row[:] = self.batches.order(self.generator)
        return self._padded(order), self.generator.bit_generator.state

    def _padded(self, order: Any) -> dict[str, Any]:
        layout = self.scan.layout
        if not layout.axes:
            return {}
        flat = np.zeros(layout.epochs * layout.samples + MORE * layout.size, np.int32)
        flat[: order.size] = order.ravel()
        return {ORDER: self.placed.put(flat)}


def end_of(span: Span) -> int:
    """Give how many steps there are when a span is over."""
    return span.first + span.steps
