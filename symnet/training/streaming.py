"""The loop with JAX over batches that come from a file or from the user: some of one shape at a time run compiled.

In: as for `Scanning`. Out: what `Loop` gives. Each batch is checked and copied as it comes, so that whoever gives it
may write the next one over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter as clock
from typing import Any

import numpy as np

from symnet.backends import in_64_bits
from symnet.optimizers import rates_at
from symnet.training.batches import CHUNK, Piece
from symnet.training.loop import State
from symnet.training.scanned import MORE, Layout, Scan
from symnet.training.scanning import BLIND, LONG, Scanning


class Streaming(Scanning):
    """Runs batches that come one after the other with JAX. Arguments and errors as for `Scanning`."""

    def _compile(self) -> None:
        self.scans: dict[Any, Scan] = {}
        self.scan = self._scan_of([self.values[n] for n in self.batches.names])
        self._taken(self.scan, self._stacked([]), {n: np.ones(0) for n in self.varying}, 0, 0, 0)

    def _held(self) -> dict[str, Any]:
        with in_64_bits():
            still = {n: a for n, a in self.values.items() if np.ndim(a) and n not in self.batches.names}
            return {n: self.placed.put(a) for n, a in still.items()}

    def _scan_of(self, arrays: list[Any]) -> Scan:
        # for batches of these shapes, as many at once as take CHUNK bytes
        key = tuple(np.shape(a) for a in arrays)
        if key not in self.scans:
            width = max(1, sum(np.size(a) for a in arrays) * self.step.kernel.dtype.itemsize)
            number = max(1, min(CHUNK // width, MORE, self.batches.steps or MORE))
            held = self.scan.held if self.scans else self._held()
            layout = Layout(epochs=number, streamed=True)
            self.scans[key] = Scan(self.step, self.function, self.values, held, layout, self.placed)
        return self.scans[key]

    def _epoch(self) -> bool:
        clock_at, stops = self._next_look(), self._next_stop(self.state.steps)
        self._draw_from(self.order)
        for chunk in self._chunks(self.batches.of_epoch(self.generator, self.state.batches)):
            self._run_chunk(chunk)
            if self.state.steps >= stops or clock() >= clock_at:
                clock_at = self._look()
                stops = self._next_stop(self.state.steps)
                if self._is_over() and self.state.batches != self.batches.steps:
                    return False
        if self.batches.steps is None:
            self.batches.steps = self.state.batches
        return True

    def _chunks(self, pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
        # batches of one shape; where one of them is refused, those before it are trained on first
        chunk: list[Piece] = []
        refused: Exception | None = None
        while refused is None:
            try:
                piece = next(pieces, None)
            except Exception as error:
                piece, refused = None, error
            if chunk and (piece is None or [np.shape(a) for a in piece[0]] != [np.shape(a) for a in chunk[0][0]]):
                yield chunk
                chunk = []
            if piece is None:
                break
            arrays, samples, places = piece
            chunk.append(([np.array(a) for a in arrays], samples, places))
            if len(chunk) >= self._most(chunk):
                yield chunk
                chunk = []
        if refused is not None:
            raise refused

    def _most(self, chunk: list[Piece]) -> float:
        room, steps = self._scan_of(chunk[0][0]).layout.room, self.state.steps
        pace = BLIND if self.pace is None or self.placed.hosts > 1 else max(1, int(LONG / self.pace))
        return min(room, pace, self._next_stop(steps) - steps)

    def _run_chunk(self, chunk: list[Piece]) -> None:
        state, number = self.state, len(chunk)
        self.anchor, self.scan = state, self._scan_of(chunk[0][0])
        rates = {n: rates_at(self.step.hyperparameters[n], state.steps, number, n) for n in self.varying}  # type: ignore[arg-type]
        known = min(map(len, rates.values()), default=number)
        weights, losses = self._taken(self.scan, self._stacked(chunk), rates, state.steps, 0, known)
        if not np.isfinite(losses).all():
            self._diverged()
        samples = np.array([samples for _, samples, _ in chunk[:known]])
        total, count = state.total + float((losses * samples).sum()), state.samples + int(samples.sum())
        self.state = State(weights, state.epochs, state.batches + known, state.steps + known, total, count)
        if known < number:  # the rate that is none is asked for again
            self._run_chunk(chunk[known:])

    def _stacked(self, chunk: list[Piece]) -> dict[str, Any]:
        # batches one behind another, with room for as many as the loop takes
        found = {}
        axes: dict[str, int] = getattr(self.batches, "axes", {})
        for k, name in enumerate(self.batches.names):
            first = chunk[0][0][k] if chunk else self.values[name]
            stack = np.zeros((self.scan.layout.room + MORE, *np.shape(first)), self.step.kernel.dtype)
            for place, (arrays, _, _) in enumerate(chunk):
                stack[place] = arrays[k]
            axis = axes.get(name)
            with in_64_bits():
                found[name] = self.placed.put(stack, None if axis is None or stack.ndim == 1 else axis + 1)
        return found
