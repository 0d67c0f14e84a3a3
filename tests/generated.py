"""Mistakes made at random, and whether what a diagnosis says of them is true at points that it has not seen.

`draws(seed)` gives nets with one or several edits of the grammar; `verdict` compares the first explanation with the
edits: "named" where kinds and equations are those, "equal" where the equations that it shows give the same numbers at
other points, "unknown", or "false".
"""

import random
from dataclasses import dataclass
from functools import cache

import numpy as np
from mistaken import NETS, Mistaken

import symnet as sn
from symnet.diagnosis.explain import Explainer
from symnet.diagnosis.forward import ForwardSearch
from symnet.diagnosis.given import called, point_at
from symnet.diagnosis.sampled import random_points, with_other_data
from symnet.diagnosis.trial import Trial


@cache
def net_of(name):
    """Give a net, and its edits by kind."""
    net = Mistaken(name)
    kinds = {}
    for edit in net.edits():
        kinds.setdefault(edit.kind, []).append(edit)
    return net, kinds


@dataclass
class Drawn:
    """A net, the edits that were made in it, and the function with them."""

    net: Mistaken
    name: str
    edits: list
    function: object


def differs(found, right):
    """Tell whether gradients are finite and other ones, by more than a check would let pass."""
    finite = all(np.isfinite(g).all() for g in found.values())
    return finite and any(not np.allclose(g, right[k], 1e-5, 1e-9) for k, g in found.items())


def draws(seed, together=1):
    """Give mistakes without end: a net, a kind and an edit of that kind, each drawn with equal chances."""
    draw = random.Random(seed)
    while True:
        name = draw.choice(list(NETS))
        net, kinds = net_of(name)
        edits = [draw.choice(kinds[draw.choice(sorted(kinds))]) for _ in range(together)]
        if len({e.site for e in edits}) < together:
            continue
        function = net.function(edits)
        alone = [net.function([e]) for e in edits] if together > 1 else []
        try:
            found = function(net.values)
            parts = [f(net.values) for f in alone]
        except (ValueError, TypeError, AttributeError):
            continue
        right = net.right_gradients()
        if differs(found, right) and all(differs(p, right) and differs(p, found) for p in parts):
            yield Drawn(net, name, edits, function)


def diagnosed(drawn):
    """Give the diagnosis, and the mutations of its first explanation."""
    made = {}
    plain, forward = Explainer.fault, Explainer.forward_fault

    def fault(self, mutation):
        found = plain(self, mutation)
        made[id(found)] = mutation, found
        return found

    def forward_fault(self, mutation, *more):
        found = forward(self, mutation, *more)
        made[id(found)] = mutation, found
        return found

    Explainer.fault, Explainer.forward_fault = fault, forward_fault
    try:
        said = sn.diagnose(drawn.net.loss, drawn.net.values, drawn.function)
    finally:
        Explainer.fault, Explainer.forward_fault = plain, forward
    return said, [made[id(f)][0] for f in said.explanations[0] if id(f) in made] if said.explanations else []


def points_elsewhere(drawn, seed=77):
    """Give points that no diagnosis has seen."""
    net = drawn.net
    names = [str(w) for w in net.setting.gradients]
    found = list(random_points(net.values, names, seed, net.kernel.symbols))
    other = with_other_data(found[-1], names, drawn.function, seed, net.kernel.symbols)
    everything = [*found, *([other] if other else [])]
    return [point_at(net.derivation, net.kernel, v, called(drawn.function, v), {}) for v in everything]


def holds(drawn, mutations):
    """Tell whether the equations with these mutations give the user's numbers at other points."""
    points = points_elsewhere(drawn)
    changes = {}
    for m in mutations:
        changes |= m.changes
    with np.errstate(all="ignore"):
        if any(m.kind == "forward" for m in mutations):
            return bool(ForwardSearch(drawn.net.derivation, drawn.net.setting, points)._fits(mutations[0]))
        trial = Trial(drawn.net.setting, points, None)
        if any(m.kind == "updated-weights" for m in mutations):
            return trial.fitted_rate(changes) is not None
        return trial.fits(changes)


def verdict(drawn):
    """Give what became of a mistake, and the diagnosis."""
    said, mutations = diagnosed(drawn)
    if said.ok:
        return "called right", said
    first = said.explanations[0] if said.explanations else ()
    if not first or first[0].kind == "unknown":
        return "unknown", said
    if sorted(f.kind for f in first) == sorted(e.kind for e in drawn.edits):
        sites = {e.site for e in drawn.edits}
        if {m.site for m in mutations} <= sites or {s for m in mutations for s in m.changes} == sites:
            return "named", said
    return ("equal" if len(first) <= len(drawn.edits) and holds(drawn, mutations) else "false"), said
