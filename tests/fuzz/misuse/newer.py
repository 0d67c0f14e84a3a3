"""More of the public functions with arguments of a wrong kind: metrics, files, schedules, options of training."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .calls import AXIS, COUNT, FREE, LOSS, MATRIX, NOTHING, NUMBERS, RATE, SCALAR, STRANGE, Call, accepted

FOLDER = tempfile.TemporaryDirectory()
Path(FOLDER.name, "text.npz").write_text("no arrays\n")
Path(FOLDER.name, "damaged.npz").write_bytes(b"PK\x03\x04 cut off")

PATH = dict.fromkeys([
    "None", "3", "[]", "{}", "object()", "A", "b'x.npz'", "''", "lambda: 1", "np.ones(2)", "1j", "float('nan')", "int", "{1, 2}", "True",
    "'/no/such/folder/x.npz'", "values", "sn", "folder + '/a\\0b.npz'",
], NOTHING)  # fmt: skip
READ = PATH | dict.fromkeys(
    ["folder + '/none.npz'", "folder + '/text.npz'", "folder + '/damaged.npz'", "folder"], NOTHING
)
ARRAYS = dict.fromkeys([
    "None", "[]", "{}", "3", "'W'", "w0", "object()", "{W: None}", "{W: 'a'}", "{W: object()}", "{3: w0}", "{None: w0}", "{W: w0, 'W': w0}", "{W: w0 + 1j}",
    "{W: [[1, 2], [3]]}", "{'': w0}", "{'a\\0': w0}", "{W: W}", "{W: {}}", "{W: np.ma.masked_array(w0, w0 > 0)}", "{(1, 2): w0}", "lambda: 1", "W", "{W: [[10**400]]}",
], NOTHING) | {"{W: [[1, 2], [3, 4]]}": FREE, "{'b': [0.5]}": FREE, "{W: w0.tolist()}": FREE, "{W: np.ones((0, 3))}": FREE}  # fmt: skip
LABELS = dict.fromkeys([
    "None", "3", "'abc'", "[0, 5]", "[-1, 0]", "[0.5, 1]", "[None]", "[float('nan')]", "object()", "A", "{}", "np.ones((2, 2))", "lambda: 1", "[[0], [1, 2]]", "['a']",
    "np.array([1j])", "(v for v in [1])", "[[1, 0], [0, 1]]", "{0, 1}", "int", "[[]]", "np.ma.masked_array([0, 1], [0, 1])", "[10**400]", "b'01'",
], NOTHING) | {"[]": FREE, "(0, 1)": FREE, "np.array([0, 1])": FREE, "[0.0, 1.0]": FREE, "[True, False]": FREE, "range(2)": FREE, "[np.int8(2)]": FREE,
               "np.array([[0], [1]])": FREE, "{0: 1}": FREE, "(v for v in [1])": FREE, "{0, 1}": FREE}  # fmt: skip
CLASSES = dict.fromkeys([
    "None", "0", "-1", "2.5", "'ab'", "[]", "object()", "A", "[0]", "[0, 0, 1]", "lambda: 1", "float('nan')", "1j", "int", "[None]", "[[0, 1]]", "np.ones((2, 2))", "'3'", "1", "lam",
], NOTHING) | {"[0, 1]": FREE, "range(3)": FREE, "np.array([0, 1])": FREE, "{0: 1, 1: 2}": FREE, "np.int64(3)": FREE, "(0, 1)": FREE, "3.0": FREE, "{0, 1}": FREE}  # fmt: skip
NUMBER = dict.fromkeys(["'a'", "float('nan')", "object()", "[1]", "1j", "int", "lambda: 1", "{}", "b'1'", "sympy.oo", "sympy.I", "None", "10**400", "np.ones(2)", "A"],
                       NOTHING) | {"0": FREE, "-1": FREE, "sympy.Rational(1, 2)": FREE, "np.float32(1)": FREE, "lam": FREE, "True": FREE}  # fmt: skip
METRICS = dict.fromkeys([
    "[]", "3", "'accuracy'", "loss", "{3: loss}", "{'': loss}", "{None: loss}", "{'loss': loss}", "{'m': None}", "{'m': W}", "{'m': 'a'}", "{'m': object()}", "{'m': lambda: 1}",
    "{'m': sn.sum(A)}", "{'m': sympy.Function('f')(lam)}", "{'m': sn.accuracy}", "{'m': [loss]}", "{'m': sympy.Symbol('q')}", "{'m': sympy.nan}", "{'m': sympy.Integral(lam, lam)}", "lambda: 1",
    "{'m': {}}", "{'m': W*X - Y}", "{'m': sympy.true}", "object()", "int", "W", "{'m': True}",
], NOTHING) | {"{'m': lam}": FREE, "{}": FREE, "None": FREE, "{'m': 3}": FREE, "[]": FREE, "{'m': loss}": FREE, "{'m': sympy.Integer(2)}": FREE}  # fmt: skip
VALIDATION = dict.fromkeys([
    "0", "1", "-0.1", "1.5", "'a'", "float('nan')", "[]", "object()", "A", "1j", "lambda: 1", "{}", "[1]", "{'X': values['X']}", "{**data, 'X': None}", "{**data, 'X': values['X'].T}", "{**data, 'Q': 1}",
    "{3: 1}", "int", "np.ones(3)", "(v for v in [1])", "[data, {}]", "[None]", "1e-9", "{**data, 'Y': values['Y'][:, :3]}", "{**data, 'X': np.full((3, 4), np.nan)}", "'0.5'", "True", "10**400", "[data]*0",
], NOTHING) | {"None": FREE, "data": FREE, "[data]": FREE, "0.25": FREE, "np.float32(0.5)": FREE, "sympy.Rational(1, 2)": FREE, "{**data, 'W': w0}": FREE, "0.999": FREE}  # fmt: skip
LOG = dict.fromkeys(["3", "''", "'a.txt'", "object()", "[]", "{}", "A", "lambda: 1", "float('nan')", "b'a.csv'", "int", "True", "folder", "1j", "folder + '/a\\0.csv'"], NOTHING) | {
    "None": FREE, "folder + '/a.csv'": FREE, "__import__('pathlib').Path(folder, 'a.jsonl')": FREE}  # fmt: skip
EVERY = dict.fromkeys(["0", "-1", "2.5", "'a'", "'5'", "'5 m'", "'-1 s'", "'nan s'", "''", "[]", "object()", "1j", "A", "float('nan')", "{}", "'1.5 steps'", "True", "'inf s'", "b'1 s'", "lambda: 1"], NOTHING) | {
    "'2 steps'": FREE, "'0.5 s'": FREE, "np.int64(2)": FREE, "None": FREE}  # fmt: skip
SECONDS = {k: v for k, v in RATE.items() if k not in ("lambda: 1", "float", "True", "None")} | {
    "None": FREE,
    "1e-9": FREE,
    "True": NOTHING,
}
CLIP = {k: v for k, v in RATE.items() if k not in ("lambda: 1", "float", "True", "None")} | {
    "None": FREE,
    "True": NOTHING,
}
SHARES = dict.fromkeys(["[]", "3", "'W'", "{W: -1}", "{W: 'a'}", "{W: None}", "{3: 1}", "{'Q': 1}", "{X: 1}", "{W: float('nan')}", "{W: 1j}", "{W: 0, b: 0}", "object()", "{None: 1}", "{W: [1]}", "A", "{W: np.ones(2)}",
                        "{W: 1, 'W': 2}", "{W: 10**400}", "lambda: 1", "{lam: 1}", "{W: 0, 'b': 0}"], NOTHING) | {"{}": FREE, "{W: 0}": FREE, "{'b': 0.5}": FREE, "None": FREE, "{W: True}": FREE, "[]": FREE}  # fmt: skip
PATIENCE = COUNT | {"None": FREE}
WANTED = STRANGE | {"'W'": FREE, "W": FREE, "X": NOTHING, "lam": NOTHING, "W.T": NOTHING, "0": NOTHING}
_NO_LOSS = ("W", "W*X", "sn.tanh(W)", "W*X - Y", "sn.mlp(X, [2])", *NUMBERS)


UNDEFINED = {"sympy.Function('f')(lam)": FREE}


def _same(a: Any) -> Any:
    return a


def newer_calls() -> list[Call]:
    """Give the calls."""
    trained = "sn.train(loss, data, epochs=2, progress=False{})"
    calls = [
        Call("sn.accuracy({0}, {1})", (("A", MATRIX), ("B", MATRIX | {"lam": NOTHING}))),
        Call("sn.accuracy(A, B, axis={0})", (("0", {k: FREE if v is not NOTHING else v for k, v in AXIS.items()}),), compare=accepted),
        Call("sn.accuracy(b.T, b.T, threshold={0})", (("0.5", NUMBER),)),
        Call("sn.derive(sn.accuracy({0}, B), A)", (("A", dict.fromkeys(["A", "A*B", "sn.tanh(A)"], NOTHING)),), compare=accepted),
        Call("sn.one_hot({0}, 3)", (("[0, 1]", LABELS),), compare=accepted),
        Call("sn.one_hot([0, 1], {0})", (("3", CLASSES),), compare=accepted),
        Call("sn.one_hot([0, 1], 3, axis={0})", (("0", {k: FREE if v is not NOTHING else v for k, v in AXIS.items()}),), compare=accepted),
        Call("sn.save({0}, {{W: w0}})", (("folder + '/w.npz'", PATH),), compare=accepted),
        Call("sn.save(folder + '/w.npz', {0})", (("{W: w0}", ARRAYS),), compare=accepted),
        Call("sn.load({0})", (("folder + '/w.npz'", READ),), compare=accepted),
        Call("sn.resume({0}, data)", (("folder + '/w.npz'", READ | {"folder + '/w.npz'": NOTHING}),), compare=accepted),
        Call("sn.canonical({0})", (("A", MATRIX | UNDEFINED),), _same),
        Call("sn.canonical({0})", (("loss", LOSS | {k: FREE for k in (*_NO_LOSS, "loss + sympy.Function('f')(lam)", "sympy.Function('f')(lam)", "sympy.MatrixSymbol('A', 5, 5)", "sympy.Symbol('A')", "sympy.pi")}),), compare=accepted),
        Call("sn.formula({0})", (("A", MATRIX | UNDEFINED | dict.fromkeys(["sympy.MatrixSymbol('A', 5, 5)", "sympy.Symbol('A')"], FREE)),), compare=accepted),
        Call("sn.formula(loss, {0})", (("'latex'", dict.fromkeys(["None", "''", "'tex'", "3", "[]", "object()", "A", "{}", "np.ones(2)"], NOTHING)),), compare=accepted),
        Call("sn.mlp(X, [3, 2])({0})", (("X", MATRIX),), lambda a: FREE if np.ndim(a) == 2 and len(a) == 3 else NOTHING),
        Call("sn.leaky_relu(A, {0})", (("0.5", SCALAR),), lambda c: FREE if np.ndim(c) in (0, 2) else NOTHING),
        Call(f"{trained.format('')}.parameters[{{0}}]", (("W", WANTED),), compare=accepted),
        Call(f"{trained.format('')}.evaluate({{0}}, data)", (("loss", {k: v for k, v in LOSS.items() if k not in _NO_LOSS}),), compare=accepted),
    ]  # fmt: skip
    for name, values in {
        "validation": VALIDATION, "metrics": METRICS, "steps": COUNT | {"None": FREE}, "seconds": SECONDS, "log": LOG, "clip": CLIP, "multipliers": SHARES,
    }.items():  # fmt: skip
        calls.append(Call(trained.format(f", {name}={{0}}") + ".loss", (("None", values),), compare=accepted))
    calls += [
        Call(trained.format(", validation=0.25, patience={0}") + ".loss", (("1", PATIENCE),), compare=accepted),
        Call(trained.format(", checkpoint={0}") + ".loss", (("None", {k: v for k, v in PATH.items() if k != "None"}),), compare=accepted),
        Call(trained.format(", checkpoint=folder + '/c.npz', checkpoint_every={0}") + ".loss", (("1", EVERY),), compare=accepted),
    ]  # fmt: skip
    varied = RATE | {"lambda: 1": NOTHING, "float": FREE}
    for name in ("Momentum", "Nesterov", "Adam", "AdamW", "RMSProp", "AdaGrad", "SignSGD"):
        calls.append(Call(f"sn.{name}({{0}})", (("0.1", varied | {"lambda: 1": FREE}),), compare=accepted))
        calls.append(Call(f"sn.train(loss, data, optimizer=sn.{name}({{0}}), epochs=2, progress=False).loss", (("0.1", varied),), compare=accepted))  # fmt: skip
    fixed = {k: v for k, v in RATE.items() if k not in ("lambda: 1", "float", "True")} | {
        "True": NOTHING,
        "lambda: 1": NOTHING,
    }
    for name in ("step_decay", "exponential_decay", "cosine_decay"):
        calls.append(Call(f"sn.{name}({{0}}, 1)", (("0.1", fixed),), compare=accepted))
        calls.append(
            Call(
                f"sn.{name}(0.1, {{0}})",
                (
                    (
                        "1",
                        {k: v for k, v in COUNT.items() if name == "cosine_decay"}
                        | {"'a'": NOTHING, "float('nan')": NOTHING, "A": NOTHING, "[1]": NOTHING, "-1": NOTHING},
                    ),
                ),
                compare=accepted,
            )
        )
        calls.append(
            Call(
                f"sn.{name}(0.1, 1, {{0}})",
                (
                    (
                        "1",
                        dict.fromkeys(
                            ["'a'", "float('nan')", "A", "[1]", "-1", "1j", "object()", "lambda: 1", "{}", "10**400"],
                            NOTHING,
                        ),
                    ),
                ),
                compare=accepted,
            )
        )
    calls.append(Call("sn.warmup({0}, 3)", (("0.1", fixed | {"lambda: 1": FREE}),), compare=accepted))
    calls.append(Call("sn.warmup(0.1, {0})", (("3", COUNT),), compare=accepted))
    return calls
