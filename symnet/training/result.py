"""What training gives: the weights reached, the history of every number, and the equations that were stepped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from symnet.backends import binding, evaluate
from symnet.derivation import Derivation
from symnet.expressions import Shown, Values, escape, listed
from symnet.training.choosing import BACKENDS
from symnet.training.picture import drawn


@dataclass(eq=False, repr=False)
class Training(Shown):
    """What `train` gives: `parameters` (by symbol or name), `history` (name → a number for each epoch).

    `history` holds "loss", the mean over the batches of an epoch; where there is one, "validation_loss", each metric
    and the learning "rate"; and "seconds" since training began. `derivation`: the equations that were trained;
    `best_epoch`: that of the lowest validation loss, from 1; `interrupted`: whether Ctrl-C ended it early. Of a solver,
    such as `LBFGS`: `success`, whether it has converged, and `message`, why it ended; None and "" of other optimizers.
    `backend`: what ran the steps: "numpy", "workspace", "c", …

    >>> import symnet as sn
    >>> x, y = sn.vector("x", 2), sn.vector("y", 2)
    >>> run = sn.train(sn.norm(x - y)**2 / 2, {y: [[1], [2]]}, {x: [[0], [0]]}, epochs=3)
    >>> run
    <Training: loss 1.64025 after 3 epochs, x>
    >>> len(run.history["loss"]), run.loss == run.history["loss"][-1]
    (3, True)
    >>> round(run.evaluate(sn.sum(x)), 3)
    0.813
    """

    parameters: Any
    history: dict[str, list[float]]
    derivation: Derivation
    interrupted: bool = False
    best_epoch: int | None = None
    success: bool | None = None
    message: str = ""
    backend: str = "numpy"

    def __call__(self, *values: Any, **named: Any) -> NoReturn:
        raise TypeError("a run of train is no function; write run.evaluate(net, {X: new}), net being the expression "
                        "of which the value is asked for")  # fmt: skip

    def __getitem__(self, parameter: Any) -> Any:
        return self.parameters[parameter]

    @property
    def loss(self) -> float:
        """The mean loss of the last epoch; NaN before the first."""
        return self.history["loss"][-1] if self.history["loss"] else float("nan")

    def evaluate(self, expr: Any, data: Values | None = None) -> Any:
        """Give the value of any expression at the trained parameters, such as the output of a net for new data.

        data: symbols or names → arrays; what the expression does not need is left aside, and a parameter that is given
        here stands in the place of the trained one. Raises what `symnet.evaluate` raises.
        """
        return evaluate(expr, {**binding.named(self.parameters), **binding.named({} if data is None else data)})

    def plot(self, path: str | Path | None = None, axes: Any = None) -> Any:
        """Draw the loss of each epoch, and that of the data held back with its lowest point, on a log scale.

        path: a file to write, such as "loss.png"; axes: those of matplotlib to draw in, new ones by default. Gives the
        axes. Raises `ModuleNotFoundError` where matplotlib is not installed.
        """
        return drawn(self.history, self.best_epoch, path, axes)

    def _headline(self) -> str:
        epochs = len(self.history["loss"])
        how = "" if self.backend == "numpy" else f" in {BACKENDS[self.backend].said}"
        ended = how + (", interrupted" if self.interrupted else "")
        return f": loss {self.loss:.6g} after {epochs} epoch{'s' * (epochs != 1)}{ended}, {listed(self.parameters)}"

    def _rows(self) -> list[tuple[str, str]]:
        epochs = len(self.history["loss"])
        ended = ", interrupted" if self.interrupted else ""
        rows = [("epochs", f"{epochs}{ended}")]
        for name, column in self.history.items():
            if column and name == "seconds":
                rows.append((name, f"{column[-1]:.3g}"))
            elif column:
                first = f"  (first epoch {column[0]:.4g})" if epochs > 1 and column[0] != column[-1] else ""
                rows.append((name.replace("_", " "), f"{column[-1]:.4g}{first}"))
        if self.best_epoch is not None:
            best = self.history["validation_loss"][self.best_epoch - 1]
            rows.append(("best epoch", f"{self.best_epoch}  (validation loss {best:.4g})"))
        if self.message:
            rows.append(("ended", self.message))
        rows.append(("backend", BACKENDS[self.backend].said))
        trained = ", ".join(str(W) for W in self.parameters)
        numbers = sum(int(getattr(v, "size", 1)) for v in self.parameters.values())
        return [*rows, ("parameters", f"{numbers:,} numbers in {trained}")]

    def __str__(self) -> str:
        rows = self._rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(text)}</td></tr>'
            for name, text in self._rows()
        )
        return f"<table>{cells}</table>"
