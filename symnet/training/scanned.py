"""Many steps as one loop that JAX compiles as a whole: nothing comes back to Python between them.

In: the traceable function of a step, data that lie on the devices once, and for every step the places of its samples,
or its batch. Out: the weights reached and the loss of each step. Orders are drawn outside; batches are gathered within.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from symnet.backends import in_64_bits
from symnet.optimizers import number_of
from symnet.training.devices import Placed
from symnet.training.step import Step

SMALL = 960  # bytes that a loop works on, up to which XLA makes one function of it on a processor
MORE = 32  # steps of such a loop at most, and as many more than there are steps have room in an array of them
ORDER = ""  # the places of samples, among arrays by name


@dataclass(frozen=True)
class Layout:
    """How steps follow each other: an epoch is `full` steps of `size` samples, then one of `rest` where that is not 0.

    `epochs`: for how many of them there is room; `axes`: along which axis the data that are gathered hold their
    samples, by name, none where no order is given; `streamed`: whether the batches themselves are.
    """

    full: int = 1
    size: int = 0
    rest: int = 0
    epochs: int = 1
    axes: Mapping[str, int] = field(default_factory=dict)
    streamed: bool = False

    @property
    def steps(self) -> int:
        """The steps of an epoch."""
        return self.full + bool(self.rest)

    @property
    def samples(self) -> int:
        """The samples of an epoch."""
        return self.full * self.size + self.rest

    @property
    def room(self) -> int:
        """The steps that there is room for."""
        return self.epochs * self.steps


class Scan:
    """A loop of steps, compiled when it is first called. `function`: that of the step's kernel, traceable.

    `held`: by name, the arrays that stay the same, on the devices; those that are gathered with a row a sample.
    """

    def __init__(self, step: Step, function: Callable[..., Any], values: Mapping[str, Any], held: Mapping[str, Any],
                 layout: Layout, placed: Placed) -> None:  # fmt: skip
        self.function, self.held, self.layout, self.placed = function, held, layout, placed
        moving = {s.name for s in step.moving}
        self.arguments = [n for n in step.kernel.arguments if n not in moving]
        self.counted = [n for n, rate in step.hyperparameters.items() if rate is number_of]
        self.numbers = {n: v for n, v in values.items() if not np.ndim(v) and n not in self.counted}
        self.dtype = np.dtype(step.kernel.dtype)
        self.group = 0  # how many steps make a loop of their own; not known yet
        to = placed.sharding()
        options = {} if to is None else {"out_shardings": to}
        self._any = placed.jax.jit(self._program, **options)
        self._whole = placed.jax.jit(partial(self._program, begin=0, end=layout.room), **options)
        self._one = placed.jax.jit(self.stepped)

    def __call__(self, weights: Any, feed: Any, rates: Any, first: int, begin: int, end: int) -> tuple[list[Any], Any]:
        """Take the steps from `begin` to `end` of those that there is room for; give the weights, and all losses.

        feed: the order of the samples, or batches by name, one step behind another; rates: likewise what changes from
        step to step; first: the number of the step that stands at place 0.
        """
        with in_64_bits():
            self.group = self.group or self._grouped(weights, rates)
            arguments = (weights, self.held, feed, rates, np.int64(first))
            if self.placed.platform != "cpu" and (begin, end) == (0, self.layout.room):
                return self._whole(*arguments)  # type: ignore[no-any-return]
            return self._any(*arguments, begin=np.int64(begin), end=np.int64(end))  # type: ignore[no-any-return]

    def one(self, weights: Any, batch: Mapping[str, Any], rates: Mapping[str, float], number: int) -> tuple[Any, Any]:
        """Take one step outside of the loop, and give the loss and the new weights as they are computed there."""
        with in_64_bits():
            fixed = {n: a for n, a in self.held.items() if n not in self.layout.axes}
            typed = {n: self.dtype.type(rate) for n, rate in rates.items() if n not in self.counted}
            moved, loss = self._one(weights, {**fixed, **batch}, typed, np.int64(number))
            return float(loss), [np.asarray(w)[()] for w in moved]

    def stepped(self, weights: Any, batch: Any, rates: Any, number: Any) -> tuple[list[Any], Any]:
        """Give the new weights and the loss of a step, while JAX traces it."""
        jnp = self.placed.jax.numpy
        count = (number + 1).astype(self.dtype)
        given = {**self.numbers, **batch, **rates, **dict.fromkeys(self.counted, count)}
        loss, new = self.function(*[given[n] for n in self.arguments], *weights)
        moved = [jnp.broadcast_to(jnp.asarray(a, w.dtype), w.shape) for a, w in zip(new, weights, strict=True)]
        return [self.placed.shared(w) for w in moved], jnp.asarray(loss, float).reshape(())

    def _grouped(self, weights: Any, rates: Any) -> int:
        layout, held, gathered = self.layout, self.held, self.layout.axes
        if self.placed.platform != "cpu" or layout.streamed:
            return 1
        each = (
            8 + self.dtype.itemsize * len(rates) + sum(held[n].nbytes // len(held[n]) * layout.size for n in gathered)
        )
        others = sum(w.nbytes for w in weights) + sum(a.nbytes for n, a in held.items() if n not in gathered)
        number = min((SMALL - others) // each, MORE, layout.full if layout.rest else MORE)
        return int(number) if number >= 4 else 1

    def _program(self, weights: Any, held: Any, feed: Any, rates: Any, first: Any, begin: Any, end: Any) -> Any:
        jnp, lax, layout = self.placed.jax.numpy, self.placed.jax.lax, self.layout
        traced = _Traced(self, held, feed, rates, first)
        carry = (list(weights), jnp.zeros(layout.room + MORE))
        if not layout.rest:
            return traced.steps(carry, begin, end - begin, 0)
        epochs = begin // layout.steps, -(-end // layout.steps)
        return lax.fori_loop(*epochs, lambda e, c: traced.epoch(c, e, begin, end), carry)


class _Traced:
    # the loop while JAX traces it; `carry` is the weights and the losses of all steps
    def __init__(self, scan: Scan, held: Any, feed: Any, rates: Any, first: Any) -> None:
        self.scan, self.held, self.feed, self.rates, self.first = scan, held, feed, rates, first
        self.layout, self.placed, self.group = scan.layout, scan.placed, scan.group
        self.jnp, self.lax = scan.placed.jax.numpy, scan.placed.jax.lax

    def epoch(self, carry: Any, e: Any, begin: Any, end: Any) -> Any:
        full, steps = self.layout.full, self.layout.steps
        low = e * steps
        if isinstance(end, int):  # all epochs that there is room for
            return self.last(e, self.steps(carry, low, full, e))
        start = self.jnp.maximum(begin, low)
        carry = self.steps(carry, start, self.jnp.minimum(end, low + full) - start, e)
        return self.lax.cond(end > low + full, self.last, lambda e, c: c, e, carry)

    def last(self, e: Any, carry: Any) -> Any:
        # the small batch at the end of an epoch
        s = e * self.layout.steps + self.layout.full
        return self.single(carry, s, self.batch(s, 1, e, self.layout.rest))

    def steps(self, carry: Any, start: Any, count: Any, e: Any) -> Any:
        size, fori_loop = self.group, self.lax.fori_loop
        if size == 1:
            return fori_loop(
                0, count, lambda k, c: self.single(c, start + k, self.batch(start + k, 1, e, self.layout.size)), carry
            )
        return fori_loop(0, -(-count // size), lambda k, c: self.some(c, start + k * size, count - k * size, e), carry)

    def single(self, carry: Any, s: Any, batch: Any) -> Any:
        weights, losses = carry
        arrays, rates = self.picked(batch, 0)
        moved, loss = self.scan.stepped(weights, arrays, rates, self.first + s)
        return moved, self.lax.dynamic_update_index_in_dim(losses, loss, s, 0)

    def some(self, carry: Any, s: Any, left: Any, e: Any) -> Any:
        # some steps as a loop of their own, which works on few bytes
        batch = self.batch(s, self.group, e, self.layout.size)

        def body(i: Any, inner: Any) -> Any:
            arrays, rates = self.picked(batch, i)
            moved, loss = self.scan.stepped(inner[0], arrays, rates, self.first + s + i)
            return moved, self.lax.dynamic_update_index_in_dim(inner[1], loss, i, 0)

        start = (carry[0], self.jnp.zeros(self.group))
        weights, losses = self.lax.fori_loop(0, self.jnp.minimum(self.group, left), body, start)
        return weights, self.lax.dynamic_update_slice(carry[1], losses, (s,))

    def batch(self, s: Any, number: int, e: Any, size: int) -> Any:
        # the arrays and the rates of so many steps, one behind another
        def cut(a: Any) -> Any:
            return self.lax.dynamic_slice_in_dim(a, s, number)

        rates = {n: cut(a) for n, a in self.rates.items()}
        if not self.layout.axes:
            return {n: cut(a) for n, a in self.feed.items()}, rates
        # behind an epoch that ends with a small batch, all others begin earlier
        missing = self.layout.steps * self.layout.size - self.layout.samples
        start = s * self.layout.size - e * missing
        places = self.lax.dynamic_slice_in_dim(self.feed[ORDER], start, number * size).reshape(number, size)
        places = self.placed.shared(places, 1)
        return {n: self.held[n].at[places].get(mode="promise_in_bounds") for n in self.layout.axes}, rates

    def picked(self, batch: Any, i: Any) -> Any:
        # what the step with number i of a batch is given
        arrays, rates = ({n: self.lax.dynamic_index_in_dim(a, i, 0, False) for n, a in d.items()} for d in batch)
        turned = {n: a.T if self.layout.axes.get(n) == 1 else a for n, a in arrays.items()}
        fixed = {n: a for n, a in self.held.items() if n not in self.layout.axes}
        return {**fixed, **turned}, rates
