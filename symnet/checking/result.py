"""What a gradient check says: a row for each parameter, as text, HTML, data and plot.

In: probes, single comparisons of a symbolic with a numeric slope. Out: `GradientCheck`. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from symnet.expressions import Shown, escape

METHOD_TEXT = {
    "complex": "complex steps",
    "central": "central differences with extrapolation",
    "mpmath": "central differences in 50 digits",
}
SAID = {"wrong": "are WRONG", "cannot be judged": "cannot be judged at this precision"}
UNJUDGED = (
    "cannot be judged at this precision: the numeric slope {}; let the function compute in float64, "
    "without large constants in its value"
)
COARSE = "is judged less finely: by rounding in the function, the numeric slope {}"
HEADINGS = ("parameter", "shape", "checked", "abs error", "rel error", "at", "symbolic", "numeric", "verdict")


class Probe(NamedTuple):
    """One comparison: where, the symbolic and the numeric slope, the difference that is allowed.

    `kink`: the slopes to the left and right where they differ; `between`: whether the symbolic one lies between them.
    `uncertain`: the error of the numeric slope; `judged`: whether it is small enough to tell right from wrong;
    `coarse`: whether rounding in the function made it larger than the stated tolerance; `lost`: whether it hides the
    slope altogether, which is not told from 0.
    """

    index: Any
    symbolic: float
    numeric: float
    allowed: float
    kink: tuple[float, float] | None = None
    between: bool = True
    uncertain: float = 0.0
    judged: bool = True
    coarse: bool = False
    lost: bool = False

    def __repr__(self) -> str:
        return f"<Probe {self.index}: symbolic {self.symbolic:.6g}, numeric {self.numeric:.6g}>"

    @property
    def error(self) -> float:
        """The absolute difference; 0 at a kink where the symbolic slope lies between the two."""
        return 0.0 if self.kink and self.between else abs(self.symbolic - self.numeric)

    @property
    def ok(self) -> bool:
        """Whether the two agree, or the symbolic slope lies between those at a kink."""
        return self.between if self.kink else bool(self.judged and self.error <= self.allowed)

    @property
    def where(self) -> str:
        """The entry or direction, to be written behind the name of the parameter."""
        return f" {self.index}" if isinstance(self.index, str) else str(list(self.index)) if self.index else ""

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True, repr=False)
class CheckRow(Shown):
    """The comparison for one parameter.

    `checked`: how many entries and directions; `absolute`, `relative`: the largest errors, relative to the largest
    entry of the gradient; `index`: where, with the `symbolic` and `numeric` values there; `verdict`: "ok", "wrong",
    "cannot be judged" (not ok: the numeric slopes are too uncertain to tell) or "at a kink" (ok, but some entries lie
    on a corner); `kinks`: those probes.

    >>> import symnet as sn
    >>> x = sn.vector("x", 2)
    >>> row = sn.check_gradients(sn.norm(x)**2, {x: [[1], [2]]}).rows[0]
    >>> row.parameter, row.checked, row.verdict, row.ok
    ('x', 'all 2', 'ok', True)
    >>> row.cells()[:3]
    ('x', '2×1', 'all 2')
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
        worst = max(probes, key=lambda p: (not p.ok, p.judged, p.error))
        scale = max(max(abs(p.symbolic), abs(p.numeric)) for p in probes)
        size = int(np.prod(shape))
        directions = sum(isinstance(p.index, str) for p in probes)
        entries = len(probes) - directions
        checked = f"all {size}" if entries == size else f"{entries} of {size}, {directions} directions"
        kinks = tuple(p for p in probes if p.kink)
        verdict = "at a kink" if kinks else "ok"
        if not all(p.ok for p in probes):
            verdict = "wrong" if any(p.judged and not p.ok for p in probes) else "cannot be judged"
        return cls(
            parameter, shape, checked, worst.error, worst.error / scale if scale else 0.0,
            worst.index, worst.symbolic, worst.numeric, verdict, kinks, tuple(probes),
        )  # fmt: skip

    @property
    def ok(self) -> bool:
        """Whether all was judged and nothing is wrong."""
        return self.verdict in ("ok", "at a kink")

    def __bool__(self) -> bool:
        return self.ok

    def _headline(self) -> str:
        return f" {self.parameter}: {self.verdict}, relative error {self.relative:.1e}, {self.checked} checked"

    def cells(self) -> tuple[str, ...]:
        """Give the row as texts, one for each heading."""
        where = next(p.where.strip() for p in self.probes if p.index == self.index)
        verdict = f"ok, {len(self.kinks)} at a kink" if self.verdict == "at a kink" else self.verdict
        return (
            self.parameter, "×".join(map(str, self.shape)) or "scalar", self.checked, f"{self.absolute:.1e}",
            f"{self.relative:.1e}", where, f"{self.symbolic:.10g}", f"{self.numeric:.10g}", verdict,
        )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck(Shown):
    """The result of a gradient check; its text is a table, its truth value is `ok`.

    `rows`: a `CheckRow` for each parameter; `ok`: whether all agree; `method`: how the numeric side was computed;
    `tolerance`: the error allowed, relative to the largest entry of each gradient.

    >>> import symnet as sn
    >>> x = sn.vector("x", 2)
    >>> check = sn.check_gradients(sn.norm(x)**2, {x: [[1], [2]]})
    >>> check.ok, check.method, len(check.rows)
    (True, 'complex', 1)
    >>> check.summary.split(",")[0]
    'the gradient agrees'
    >>> check.raise_if_failed()
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

    def __bool__(self) -> bool:
        return self.ok

    def _headline(self) -> str:
        return f": {self.summary}"

    @property
    def summary(self) -> str:
        """One line: what agreed, what did not."""
        bad = {verdict: [r.parameter for r in self.rows if r.verdict == verdict] for verdict in SAID}
        said = [
            f"{len(names)} of {len(self.rows)} {self.what}s {SAID[v]}: {', '.join(names)}"
            for v, names in bad.items()
            if names
        ]
        if said:
            return "; ".join(said)
        worst = max((row.relative for row in self.rows), default=0.0)
        count = f"all {len(self.rows)} {self.what}s agree" if len(self.rows) > 1 else f"the {self.what} agrees"
        return f"{count}, the largest relative error is {worst:.1e}{self._less}"

    @property
    def _less(self) -> str:
        # what was judged less finely than the tolerance says
        probes = [p for row in self.rows for p in row.probes if p.coarse]
        lost = sum(p.lost for p in probes)
        said = f"; {_counted(lost)} too small beside the loss to be told from 0" if lost else ""
        less = len(probes) - lost
        return said + (f"; {_counted(less)} judged less finely, by rounding in the loss" if less else "")

    @property
    def _title(self) -> str:
        return f"symbolic against {METHOD_TEXT[self.method]}, tolerance {self.tolerance:.0e} of the largest entry"

    def _remarks(self) -> list[str]:
        remarks = list(self.notes)
        for row in self.rows:
            for p in row.kinks[:3]:
                left, right = p.kink  # type: ignore[misc]
                remarks.append(
                    f"{row.parameter}{p.where} is at a kink: {left:.6g} to the left, {right:.6g} to the right, "
                    f"symbolic {p.symbolic:.6g}"
                )
            if len(row.kinks) > 3:
                remarks.append(f"{row.parameter}: {len(row.kinks) - 3} more entries at a kink")
            remarks += _uncertain(row)
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

    def __getitem__(self, parameter: Any) -> CheckRow:
        for row in self.rows:
            if row.parameter == str(parameter):
                return row
        raise KeyError(f"{parameter}: there are rows for {', '.join(row.parameter for row in self.rows)}")

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
            raise ModuleNotFoundError(
                "plot needs matplotlib, which is not installed: pip install 'symnet[plots]'"
            ) from None
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


def _counted(number: int) -> str:
    return f"{number} entr{'y is' if number == 1 else 'ies are'}"


def _uncertain(row: CheckRow) -> list[str]:
    found = []
    for which, said in (
        ([p for p in row.probes if not p.judged], UNJUDGED),
        ([p for p in row.probes if p.coarse], COARSE),
    ):
        if which:
            worst = max(which, key=lambda p: p.uncertain)
            slope = f"{worst.numeric:.3g} may be off by {worst.uncertain:.1e}"
            found.append(f"{row.parameter}{worst.where} {said.format(slope)}")
    return found
