"""What training gives: the weights reached, the history of the loss, and the equations that were stepped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from symnet.backends import binding, evaluate
from symnet.derivation import Derivation
from symnet.expressions import Values


@dataclass(eq=False)
class Training:
    """What `train` gives: `parameters` (by symbol or name), `history` (the mean loss of each epoch), `loss` (the last).

    `derivation`: the equations that were trained; `interrupted`: whether Ctrl-C ended it early.
    """

    parameters: dict[Any, Any]
    history: list[float]
    derivation: Derivation = field(repr=False)
    interrupted: bool = False

    @property
    def loss(self) -> float:
        """The mean loss of the last epoch; NaN before the first."""
        return self.history[-1] if self.history else float("nan")

    def evaluate(self, expr: Any, data: Values | None = None) -> Any:
        """Give the value of any expression at the trained parameters, such as the output of a net for new data.

        data: symbols or names → arrays; what the expression does not need is left aside, and a parameter that is given
        here stands in the place of the trained one. Raises what `symnet.evaluate` raises.
        """
        return evaluate(expr, {**binding.named(self.parameters), **binding.named(data or {})})
