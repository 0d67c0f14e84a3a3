"""What a gradient check says: a row for each parameter, as text, HTML, data and plot.

In: probes, single comparisons of a symbolic with a numeric slope. Out: `GradientCheck`. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple

import numpy as np

METHOD_TEXT = {
    "complex": "complex steps",
    "central": "central differences with extrapolation",
    "mpmath": "central differences in 50 digits",
}
HEADINGS = ("parameter", "shape", "checked", "abs error", "rel error", "at", "symbolic", "numeric", "verdict")


class Probe(NamedTuple):
    """One comparison: where, the symbolic and the numeric slope, the difference that is allowed.

    `kink`: the slopes to the left and right where they differ; `between`: whether the symbolic one lies between them.
    """

    index: Any
    symbolic: float
    numeric: float
    allowed: float
    kink: tuple[float, float] | None = None
    between: bool = True

    @property
    def error(self) -> float:
        """The absolute difference; 0 at a kink where the symbolic slope lies between the two."""
        return 0.0 if self.kink and self.between else abs(self.symbolic - self.numeric)

    @property
    def ok(self) -> bool:
        """Whether the two agree, or the symbolic slope lies between those at a kink."""
        return self.between if self.kink else bool(self.error <= self.allowed)


@dataclass(frozen=True)
class CheckRow:
    """The comparison for one parameter.

    `checked`: how many entries and directions; `absolute`, `relative`: the largest errors, relative to the largest
    entry of the gradient; `index`: where, with the `symbolic` and `numeric` values there; `verdict`: "ok", "wrong" or
    "at a kink" (ok, but some entries lie on a corner); `kinks`: those probes.
    """

    parameter: str
    shape: tuple[int, ...]
    checked: str
    absolute: float
    relative: float
    index: Any
    symbolic: float
    numeric: float
    verdict: str
    kinks: tuple[Probe, ...] = ()
    probes: tuple[Probe, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, parameter: str, shape: tuple[int, ...], probes: Sequence[Probe]) -> CheckRow:
        """Summarise the probes of a parameter."""
        worst = max(probes, key=lambda p: (not p.ok, p.error))
        scale = max(max(abs(p.symbolic), abs(p.numeric)) for p in probes)
        size = int(np.prod(shape))
        directions = sum(isinstance(p.index, str) for p in probes)
        entries = len(probes) - directions
        checked = f"all {size}" if entries == size else f"{entries} of {size}, {directions} directions"
        kinks = tuple(p for p in probes if p.kink)
        verdict = "wrong" if not all(p.ok for p in probes) else "at a kink" if kinks else "ok"
        return cls(
            parameter, shape, checked, worst.error, worst.error / scale if scale else 0.0,
            worst.index, worst.symbolic, worst.numeric, verdict, kinks, tuple(probes),
        )  # fmt: skip

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.verdict != "wrong"

    def cells(self) -> tuple[str, ...]:
        """Give the row as texts, one for each heading."""
        where = self.index if isinstance(self.index, str) else str(list(self.index)) if self.index else ""
        verdict = f"ok, {len(self.kinks)} at a kink" if self.verdict == "at a kink" else self.verdict
        return (
            self.parameter, "×".join(map(str, self.shape)) or "scalar", self.checked, f"{self.absolute:.1e}",
            f"{self.relative:.1e}", where, f"{self.symbolic:.10g}", f"{self.numeric:.10g}", verdict,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """The result of a gradient check; its text is a table.

    `rows`: a `CheckRow` for each parameter; `ok`: whether all agree; `method`: how the numeric side was computed;
    `tolerance`: the error allowed, relative to the largest entry of each gradient.
    """

    rows: tuple[CheckRow, ...]
    method: str
    tolerance: float
    notes: tuple[str, ...] = ()
    curve: Callable[[np.ndarray], tuple[np.ndarray, str]] | None = field(default=None, repr=False)
    what: str = "gradient"

    @property
    def ok(self) -> bool:
        """Whether every gradient agrees."""
        return all(row.ok for row in self.rows)

    @property
    def summary(self) -> str:
        """One line: what agreed, what did not."""
        wrong = [row.parameter for row in self.rows if not row.ok]
        if wrong:
            return f"{len(wrong)} of {len(self.rows)} {self.what}s are WRONG: {', '.join(wrong)}"
        worst = max((row.relative for row in self.rows), default=0.0)
        count = f"all {len(self.rows)} {self.what}s agree" if len(self.rows) > 1 else f"the {self.what} agrees"
        return f"{count}, the largest relative error is {worst:.1e}"

    @property
    def _title(self) -> str:
        return f"symbolic against {METHOD_TEXT[self.method]}, tolerance {self.tolerance:.0e} of the largest entry"

    def _remarks(self) -> list[str]:
        remarks = list(self.notes)
        for row in self.rows:
            for p in row.kinks[:3]:
                left, right = p.kink  # type: ignore[misc]
                where = f"{row.parameter}{list(p.index) if not isinstance(p.index, str) else ' ' + p.index}"
                remarks.append(
                    f"{where} is at a kink: {left:.6g} to the left, {right:.6g} to the right, symbolic {p.symbolic:.6g}"
                )
            if len(row.kinks) > 3:
                remarks.append(f"{row.parameter}: {len(row.kinks) - 3} more entries at a kink")
        return remarks

    def __str__(self) -> str:
        table = [HEADINGS, *[row.cells() for row in self.rows]]
        widths = [max(len(line[i]) for line in table) for i in range(len(HEADINGS))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in table]
        return "\n".join([self._title, *lines, *self._remarks(), self.summary])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{h}</th>" for h in HEADINGS)
        colour = {True: "#e8f5e9", False: "#ffcdd2"}
        rows = "".join(
            f'<tr style="background:{colour[row.ok]};color:black">'
            + "".join(f"<td>{escape(c)}</td>" for c in row.cells())
            + "</tr>"
            for row in self.rows
        )
        remarks = "".join(f"<p>{escape(r)}</p>" for r in [*self._remarks(), self.summary])
        return f"<table><caption>{escape(self._title)}</caption><tr>{head}</tr>{rows}</table>{remarks}"

    def raise_if_failed(self) -> None:
        """Raise `AssertionError` with the table where a gradient is wrong."""
        if not self.ok:
            raise AssertionError(str(self))

    def plot(self, steps: Any = None) -> Any:
        """Plot symbolic against numeric values, and the error of a central difference against its step.

        steps: the step sizes of the second plot. Gives the matplotlib figure. Raises `ImportError` where matplotlib is
        missing. The left plot has an equal line; on the right the error falls with the step until rounding takes over,
        and the step that balances the two is marked.
        """
        try:
            from matplotlib import pyplot as plt
        except ImportError:
            raise ImportError("plot needs matplotlib: pip install 'symnet[plots]'") from None
        figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
        smallest = np.inf
        for row in self.rows:
            a = np.abs([p.symbolic for p in row.probes])
            b = np.abs([p.numeric for p in row.probes])
            seen = (a > 0) & (b > 0)
            left.loglog(a[seen], b[seen], "o" if row.ok else "x", alpha=0.6, label=row.parameter)
            smallest = min([smallest, *a[seen], *b[seen]])
        if np.isfinite(smallest):
            largest = left.get_xlim()[1]
            left.plot([smallest, largest], [smallest, largest], "k-", lw=0.7, zorder=0)
        left.set(xlabel="|symbolic|", ylabel="|numeric|", title="every entry checked")
        left.legend()
        steps = np.logspace(-13, 0, 60) if steps is None else np.asarray(steps, float)
        if self.curve is not None:
            errors, where = self.curve(steps)
            right.loglog(steps, np.maximum(errors, 1e-18), ".-")
            best = float(np.finfo(float).eps ** (1 / 3))
            right.axvline(best, color="k", ls="--", lw=0.8, label=f"ε^(1/3) = {best:.0e}, where the two errors balance")
            right.set(xlabel="step h", ylabel="|difference − symbolic|", title=f"central difference of {where}")
            right.legend()
        return figure
