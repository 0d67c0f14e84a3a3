"""Every operation may stand in a net whose gradients are wrong, also those that kernels take apart."""

import numpy as np
import pytest
from sympy.core.basic import Basic
from test_rules import SAMPLES

import symnet as sn

APART = [node for node in SAMPLES if sn.NUMPY.find(Basic.__new__(node)) is None]


@pytest.mark.parametrize("node", APART, ids=lambda node: node.__name__)
def test_a_wrong_gradient_of_what_kernels_take_apart(node):
    loss = SAMPLES[node]
    d = sn.derive(loss, [s for s in sorted(loss.free_symbols, key=str) if s.name != "K"])
    kernel = d.compile()
    rng = np.random.default_rng(0)
    shape = lambda s: [int(k) if k.is_Integer else 5 for k in getattr(s, "shape", ())]
    values = {name: rng.uniform(0.3, 1.3, shape(s))[()] for name, s in kernel.symbols.items()}
    values |= {name: 5 for name in kernel.program.names.sizes if name in values}
    gradients = kernel(values)[1]
    known = {name: v for name, v in values.items() if name in kernel.symbols}
    assert sn.diagnose(loss, known, dict(gradients.items())).ok
    first = next(w for w, g in gradients.items() if np.abs(g).max() > 1e-6)
    found = sn.diagnose(loss, known, {w: -g if w == first else g for w, g in gradients.items()})
    assert [w.name for w in found.wrong] == [first.name] and found.faults
    assert found.faults[0].kind != "unknown", str(found)


@pytest.mark.parametrize("norm", [sn.layer_norm, sn.batch_norm, sn.rms_norm], ids=lambda f: f.__name__)
def test_mistakes_beside_a_norm(norm):
    X, Y, W, V = sn.matrix("X", 4, "n"), sn.matrix("Y", 3, "n"), sn.matrix("W", 5, 4), sn.matrix("V", 3, 5)
    loss = sn.squared_error(V * sn.tanh(norm(W * X)), Y)
    rng = np.random.default_rng(0)
    values = {s: rng.normal(size=[int(k) if k.is_Integer else 6 for k in s.shape]) for s in (X, Y, W, V)}

    def backward(v):
        right = sn.derive(loss, [W, V]).compile()(v)[1]
        return {"W": right[W], "V": 6 * right[V]}

    found = sn.diagnose(loss, values, backward)
    assert [w.name for w in found.wrong] == ["V"] and found.faults[0].factor == pytest.approx(6)
