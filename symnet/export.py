"""A derivation as one file of C: which functions it has, and what they are called with.

In: the program of a derivation and what the user asks for. Out: text. The functions themselves are written by the
backend from the same equations that NumPy runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symnet.backends import (
    CFile, Main, Stated, Trial, Update, about, binding, checked_name, checked_type, fitted, known_sizes,
)  # fmt: skip
from symnet.expressions import Name, brief, listed, symbols_of
from symnet.optimizers import Solver, as_optimizer, with_updates
from symnet.program import Program, live


def c_source(
    program: Program,
    gradients: Mapping[Name, Name],
    *,
    name: Any,
    dtype: Any,
    sizes: Mapping[Any, int] | None,
    update: bool,
    optimizer: Any,
    prediction: Any,
    main: Any,
    steps: int,
) -> str:
    """Give the text of the file; see `Derivation.c`."""
    prefix, single = checked_name(name), checked_type(dtype)
    loss = program.outputs[0]
    predicted = _prediction(program, prediction)
    known = known_sizes(program, sizes)
    program, step = _with_step(program, gradients, optimizer) if update else (program, None)
    file = CFile(program, prefix, single, known)
    if predicted is not None:
        file.add("predict", None, [predicted])
    file.add("loss", loss, [])
    file.add("gradients", loss, list(dict.fromkeys(gradients.values())))
    if step is not None:
        file.add("step", loss, [], step.moved)
    if main is False or main is None:
        return file.text(about(file, step))
    trial = Trial(_values(program, main, known), _steps(steps))
    return file.text(about(file, step), Main(file, step, trial).text())


def _with_step(program: Program, gradients: Mapping[Name, Name], optimizer: Any) -> tuple[Program, Update]:
    moved = {e.lhs: e.of for e in program.equations if e.role in ("update", "state")}
    if moved and optimizer is not None:
        raise ValueError(
            "c: this derivation has the update that it was trained with; leave optimizer away, or derive the loss anew"
        )
    if moved:
        before, _ = live(program.equations, [program.outputs[0], *gradients.values()])
        known = {*moved.values(), *(s for e in before for s in symbols_of(e.rhs))}
        rates = {s: None for s in program.inputs.values() if not s.is_Matrix and s not in known}
        return program, Update(moved, rates, {})
    optimizer = as_optimizer(optimizer)
    if isinstance(optimizer, Solver):
        raise TypeError(
            f"c: {type(optimizer).__name__} is a solver, whose iterations are more than equations; use an optimizer "
            "such as sn.GradientDescent(0.1) or sn.Adam()"
        )
    updated = with_updates(program, tuple(gradients), gradients, optimizer)
    inputs = updated.program.inputs
    new = updated.program.outputs[-len(updated.moving) :]
    return updated.program, Update(
        dict(zip(new, updated.moving, strict=True)),
        {inputs[key]: value for key, value in updated.hyperparameters.items()},
        {inputs[key]: start for key, (_, start) in updated.states.items()},
    )


def _prediction(program: Program, asked: Any) -> Name | None:
    # by default the last layer: the last matrix before the loss that is an activation or what one is of
    forward = [e for e in program.sections[0].equations if e.lhs != program.outputs[0] and not e.movable]
    if asked is False:
        return None
    if asked is None:
        layers = [e.lhs for e in forward if e.role in ("pre-activation", "activation")]
        return layers[-1] if layers else None
    name = asked if isinstance(asked, str) else getattr(asked, "name", None)
    found = next((e.lhs for e in forward if e.lhs.name == name), None)
    if found is None:
        known = f"there are {listed(e.lhs for e in forward)}" if forward else "there is none"
        raise KeyError(f"c: prediction={brief(asked)} is no value on the way to the loss; {known}")
    return found


def _steps(steps: Any) -> int:
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
        raise ValueError(f"c: steps must be a whole number from 0 on, not {steps!r}")
    return steps


def _values(program: Program, main: Any, known: dict[str, int]) -> dict[str, Any]:
    if main is True:
        return {}
    if not isinstance(main, Mapping):
        raise TypeError(f"c: main must be True, or arrays by symbol or name, not {main!r}")
    given = binding.named(main)
    for key in given:
        if key not in program.inputs or key in program.names.sizes:
            raise KeyError(f"c: main has {key}, which is no symbol of the derivation; it has {listed(program.inputs)}")
    arrays = {key: fitted(program.inputs[key], binding.as_array(key, value)) for key, value in given.items()}
    for key, array in arrays.items():
        binding.check_data(key, array)
    told = binding.bind_sizes([program.inputs[key] for key in arrays], arrays, dict(known))
    Stated(program, program.inputs).check({**arrays, **told}, arrays)
    return arrays
