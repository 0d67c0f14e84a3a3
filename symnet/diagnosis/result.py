"""What a diagnosis says: which gradients are right, which are wrong, and what mistake explains the numbers.

In: faults found by `diagnose`. Out: `Diagnosis`, as text, HTML and data. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symnet.expressions import Shown, escape, preformatted
from symnet.notation import columns


@dataclass(frozen=True, repr=False)
class Fault(Shown):
    """One mistake. `kind`: a stable string; `parameters`: whose gradients it spoils; `equation`: the name it stands at.

    `right`, `yours`: the equation as derived and as the numbers say it was computed; `words`: the mistake in words;
    `factor`: the constant where the mistake is one, else None.

    >>> import symnet as sn
    >>> x = sn.vector("x", 2)
    >>> fault = sn.diagnose(sn.norm(x)**2, {x: [[1], [2]]}, {x: [[-2.0], [-4.0]]}).faults[0]
    >>> fault.kind, fault.words[:17]
    ('sign', 'the sign is wrong')
    """

    kind: str
    parameters: tuple[Any, ...]
    equation: str
    right: str
    yours: str
    words: str
    factor: float | None = None

    def _headline(self) -> str:
        return f" {self.kind}: {self.words}"

    def __str__(self) -> str:
        if not self.right:
            return f"  {self.words}"
        gap = " " * max(0, columns(self.right) - columns(self.yours))
        return f"  right:  {self.right}\n  yours:  {self.yours}{gap}    {self.words}"


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis(Shown):
    """The result of `diagnose`; its text is the explanation, its truth value is `ok`: true where nothing is wrong.

    `right`, `wrong`: the parameters; `ok`: whether nothing is wrong; `explanations`: every explanation that fits, the
    simplest first, each a tuple of one or two faults; `faults`: the single faults that fit, most likely first, or the
    two of the best pair; `facts`: what is true where nothing fits; `advice`: what would tell several explanations
    apart; `partials`: how what is judged of each parameter is written: its gradient, or its step where that is
    made of other parts.

    >>> import symnet as sn
    >>> x = sn.vector("x", 2)
    >>> diagnosis = sn.diagnose(sn.norm(x)**2, {x: [[1], [2]]}, {x: [[-2.0], [-4.0]]})
    >>> diagnosis.ok, diagnosis.wrong, diagnosis.faults[0].kind
    (False, (x,), 'sign')
    """

    right: tuple[Any, ...]
    wrong: tuple[Any, ...]
    explanations: tuple[tuple[Fault, ...], ...] = ()
    facts: tuple[str, ...] = ()
    advice: str = ""
    partials: Mapping[Any, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every gradient is right, and the loss, where it was given."""
        return not self.wrong and not any(f.kind == "forward" for e in self.explanations for f in e)

    def __bool__(self) -> bool:
        return self.ok

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults: all single ones that fit, most likely first, or the two of the best pair."""
        if not self.explanations:
            return ()
        best = self.explanations[0]
        if len(best) > 1:
            return best
        return tuple(e[0] for e in self.explanations if len(e) == 1)

    def _headline(self) -> str:
        return f": {self._verdict()}"

    def _verdict(self) -> str:
        parts = []
        for symbols, what in ((self.wrong, "wrong"), (self.right, "right")):
            if symbols:
                shown = ", ".join(self.partials.get(s, f"∂L/∂{s}") for s in symbols)
                parts.append(f"{shown} {'is' if len(symbols) == 1 else 'are'} {what}")
        return "; ".join(parts) + "."

    def _rest(self) -> list[str]:
        lines = []
        for number, explanation in enumerate(self.explanations):
            if number == 1:
                lines.append("The same numbers would also come from:")
            if len(explanation) > 1:
                lines.append(f"{len(explanation)} mistakes together:")
            lines += [str(fault) for fault in explanation]
        lines += [f"  {fact}" for fact in self.facts]
        return [*lines, self.advice] if self.advice else lines

    def __str__(self) -> str:
        return "\n".join([self._verdict(), *self._rest()])

    def _repr_html_(self) -> str:
        colour = "#2e7d32" if self.ok else "#c62828"
        rest = preformatted("\n".join(self._rest())) if self._rest() else ""
        return f'<p style="color:{colour}"><b>{escape(self._verdict())}</b></p>{rest}'
