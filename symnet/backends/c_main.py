"""A `main` for a file of C: it prints the loss and the gradients, trains, and prints what is predicted then.

In: the file's functions, arrays for its symbols where some are given, and what is known of a step. Out: text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symnet.backends.c_file import CFile, Update
from symnet.backends.c_function import Signature, c_names
from symnet.backends.c_text import literal
from symnet.expressions import Name, size_number

FILL = """static void {prefix}_fill({real} *const a, const int size)
{{
    static unsigned long state = 1;
    for (int i = 0; i < size; i++) {{
        state = (1103515245UL * state + 12345UL) & 0x7fffffffUL;
        a[i] = ({real})state / ({real})1073741824.0 - 1;
    }}
}}"""


@dataclass(frozen=True)
class Trial:
    """What `main` does: arrays by name, where some are given, and the number of steps."""

    values: Mapping[str, Any]
    steps: int


class Main:
    """The text of `main`; `update` is None where the file takes no step."""

    def __init__(self, file: CFile, update: Update | None, trial: Trial) -> None:
        self.file, self.trial = file, trial
        self.rates: dict[Name, Any] = update.rates if update is not None else {}
        self.states: dict[Name, float] = update.states if update is not None else {}
        functions = file.functions.values()
        self.symbols = [s for s in dict.fromkeys(s for f in functions for s in f.arguments) if s not in self.rates]
        self.outputs = list(dict.fromkeys(o for f in functions for o in f.outputs))
        own = [s.name for s in self.symbols]
        self.names = c_names(own, file.name, {"taken"})
        self.results = c_names([o.name for o in self.outputs], file.name, {"taken", *self.names.values()})
        taken = {"taken", *self.names.values(), *self.results.values()}
        self.tabled = c_names([s.name for s in self.rates], file.name, taken)
        self.tables: dict[Name, list[float]] = {}  # rates that change with the step
        self.filled = [s for s in self.symbols if s not in self.states and s.name not in trial.values]

    def text(self) -> str:
        """Give the function, and before it what fills arrays with numbers, where any are."""
        file, step = self.file, self.file.functions.get("step")
        lines = [self._declared(s) for s in self.symbols]
        lines += [f"static {file.told.real} {self.results[o.name]}[{file.size(o)}];" for o in self.outputs]
        lines += [f"{file.name}_fill({self.names[s.name]}, {file.size(s)});" for s in self.filled]
        stepped = "" if step is None else self._call(step)
        for s, numbers in self.tables.items():
            values = ", ".join(str(literal(x, file.single)) for x in numbers)
            lines.insert(0, f"static const {file.told.real} {self.tabled[s.name]}[{len(numbers)}] = {{{values}}};")
        lines += self._loss("loss")
        lines += self._printed(file.functions["gradients"].outputs)
        if step is not None:
            lines += [f"for (int taken = 0; taken < {self.trial.steps}; taken++) {{", f"    {stepped};", "}"]
            lines += self._loss(f"after {self.trial.steps} steps: loss")
        if "predict" in file.functions:
            lines.append(f"{self._call(file.functions['predict'])};")
            lines += self._printed(file.functions["predict"].outputs)
        body = "\n".join(f"    {line}" for line in lines)
        fill = FILL.format(prefix=file.name, real=file.told.real) + "\n\n" if self.filled else ""
        return f"{fill}int main(void)\n{{\n{body}\n    return 0;\n}}"

    def _declared(self, s: Name) -> str:
        size, head = self.file.size(s), f"static {self.file.told.real} {self.names[s.name]}[{self.file.size(s)}]"
        if s in self.filled:
            return f"{head};"
        numbers = np.full(size, self.states[s]) if s in self.states else self._given(s)
        return f"{head} = {{{', '.join(str(literal(x, self.file.single)) for x in numbers)}}};"

    def _given(self, s: Name) -> Any:
        shape = tuple(size_number(k, self.file.known) for k in s.shape) if s.is_Matrix else (1,)
        return np.broadcast_to(np.asarray(self.trial.values[s.name], float), shape).ravel()

    def _loss(self, word: str) -> list[str]:
        return [f'printf("{word} %.9g\\n", (double){self._call(self.file.functions["gradients"])});']

    def _call(self, f: Signature) -> str:
        given = [self._passed(f, s) for s in f.arguments] + [self.results[o.name] for o in f.outputs]
        return f"{f.name}({', '.join(given)})"

    def _passed(self, f: Signature, s: Name) -> str:
        if s in self.rates:
            return self._rate(s)
        return self.names[s.name] if s.is_Matrix or s in f.moved else f"{self.names[s.name]}[0]"

    def _rate(self, s: Name) -> str:
        value = self.rates[s]
        if value is None:
            raise ValueError(
                f"c: main needs the value of {s.name}, which only the optimizer has; derive the loss anew and give "
                "it as optimizer="
            )
        if not callable(value):
            return str(literal(value, self.file.single))
        if all(value(k) == k + 1 for k in (0, 1, 2, 10, 100)):
            return f"({self.file.told.real})(taken + 1)"
        self.tables[s] = [float(value(k)) for k in range(max(self.trial.steps, 1))]
        return f"{self.tabled[s.name]}[taken]"

    def _printed(self, outputs: Iterable[Name]) -> list[str]:
        lines = []
        for o in outputs:
            name, size = self.results[o.name], self.file.size(o)
            lines.append(f'printf("{name}");')
            lines.append(f'for (int i = 0; i < {size}; i++) printf(" %.9g", (double){name}[i]);')
            lines.append('printf("\\n");')
        return lines
