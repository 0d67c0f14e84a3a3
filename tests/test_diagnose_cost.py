"""What an LSTM of four steps with noise in every gradient costs: counted, for time differs from machine to machine."""

import gc
import weakref
from collections import Counter
from functools import reduce

import numpy as np
import pytest
from generated import net_of

import symnet as sn
from symnet.diagnosis import edited, forward, search
from symnet.diagnosis.given import Written, point_at


def lstm():
    """Give the loss of four steps, values, and noise for gradients."""
    cell, draw = sn.lstm(2, 3), np.random.default_rng(0)
    state = reduce(cell, [sn.matrix(f"x{t}", 2, "n") for t in range(4)], cell.start("n"))
    loss = sn.squared_error(state[0], sn.matrix("Y", 3, "n"))
    kernel = sn.derive(loss, list(cell.parameters)).compile()
    symbols = kernel.symbols.values()
    values = {s.name: draw.normal(size=[5 if str(a) == "n" else int(a) for a in s.shape]) for s in symbols}
    return loss, values, {w.name: draw.normal(size=np.shape(g)) for w, g in kernel(values)[1].items()}


@pytest.fixture(scope="module")
def counted():
    counts, searches = Counter(), []

    def count(of, name):
        plain = getattr(of, name)

        def counting(*args, **options):
            counts[name] += 1
            if name in ("run", "__init__"):
                searches.append(args[0])
            return plain(*args, **options)

        patch.setattr(of, name, counting)

    with pytest.MonkeyPatch.context() as patch:
        count(search.Search, "run")
        count(forward.ForwardSearch, "__init__")
        count(forward.ForwardSearch, "_fits")
        count(forward, "_of_forward")
        count(edited, "changes_of")
        count(edited.Edited, "_beside")
        assert sn.diagnose(*lstm()).faults[0].kind == "unknown"
    backward, of_forward = searches
    counts["backward"] = backward.evaluations()
    counts["forward"] = of_forward._evaluations()
    return counts


def test_equations_are_computed_as_often_as_the_budgets_say(counted):
    one_step = 500  # what is begun is finished
    assert counted["forward"] <= forward.EQUATIONS + one_step
    assert counted["backward"] <= 21_000 + search.EVALUATIONS_FOR_PAIRS + one_step


def test_a_forward_pass_is_written_only_where_it_is_tried(counted):
    assert 1_000 < counted["_fits"] <= forward.AT_MOST
    assert counted["_of_forward"] <= 1.25 * counted["_fits"]  # some are the same


def test_no_pair_is_looked_for_where_the_budget_is_spent(counted):
    assert counted["_beside"] == 0


def test_an_edit_is_put_in_only_where_it_may_reach_what_is_wrong(counted):
    assert counted["changes_of"] < 11_000  # of 46,000


def test_a_search_is_freed_without_the_collector():
    net, _ = net_of("recurrent")
    draw = np.random.default_rng(0)
    noise = {n: draw.normal(size=np.shape(g)) for n, g in net.right_gradients().items()}
    point = point_at(net.derivation, net.kernel, net.values, Written(noise), {})
    gc.disable()
    try:
        looking = search.Search(net.setting, [point], None)
        assert not looking.run()
        freed = weakref.ref(looking.edited)
        del looking
        assert freed() is None
    finally:
        gc.enable()


def test_a_second_mistake_is_looked_for_only_in_an_equation_that_reaches_what_is_wrong(monkeypatch):
    net, _ = net_of("perceptron")
    draw, looked_at, catalogue = np.random.default_rng(0), [], search.catalogue

    def watched(setting, only=None):
        looked_at.append(only)
        return catalogue(setting, only)

    monkeypatch.setattr(search, "catalogue", watched)
    noise = {n: draw.normal(size=np.shape(g)) for n, g in net.right_gradients().items()}
    assert sn.diagnose(net.loss, net.values, noise).faults[0].kind == "unknown"
    assert set(net.setting.partials).isdisjoint(looked_at)  # the gradient of one parameter leaves the others wrong
