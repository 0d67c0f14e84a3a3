"""Text is never read as an expression, and nothing in it runs; names are names whatever they hold."""

import inspect
from pathlib import Path

import pytest

import symnet as sn

A, B = sn.matrix("A", 3, 3), sn.matrix("B", 3, 3)
VALUES = {A: [[1.0] * 3] * 3, B: [[2.0] * 3] * 3}
NOT_OF_EXPRESSIONS = {
    "matrix", "vector", "unit", "glorot", "normal", "uniform", "zeros", "step_decay", "exponential_decay", "cosine_decay",
    "warmup", "load", "one_hot", "parse", "save", "causal_mask", "rnn", "lstm", "gru",
}  # fmt: skip
FUNCTIONS = sorted(
    name
    for name in sn.__all__
    if inspect.isfunction(getattr(sn, name)) and name not in NOT_OF_EXPRESSIONS
)  # fmt: skip
FIRST = {"let": 1, "elementwise": 1}


def arguments(name, text):
    """Give arguments of which the expression is text."""
    if name in ("derive", "gradient", "prove", "hessian", "jacobian", "gauss_newton"):
        return [(text, A)]
    if name in ("hvp", "jvp"):
        return [(text, A, A), (sn.sum(A), A, text)]
    if name in ("check_gradients", "check_hessian", "evaluate"):
        return [(text, VALUES)]
    if name == "diagnose":
        return [(text, VALUES, {A: VALUES[A]})]
    if name == "diagnose_update":
        return [(text, VALUES, VALUES, 0.1, VALUES)]
    if name == "train":
        return [(text, VALUES)]
    if name == "let":
        return [("H", text)]
    if name == "elementwise":
        return [(abs, text), (abs, A, text)]
    if name == "clip":
        return [(text, 0, 1), (A, text, 1), (A, 0, text)]
    if name == "mlp":
        return [(text, [3, 1])]
    if name == "entry":
        return [(text, 0, 0)]
    if name == "affine":
        return [(text, A, A), (A, text, A), (A, A, text)]
    if name in ("check_function", "load", "save", "resume", "one_hot"):  # text is a path or a label there
        return []
    count = sum(
        p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
        for p in inspect.signature(getattr(sn, name)).parameters.values()
    )
    return [tuple(text if k == place else A for k in range(count)) for place in range(count)]


OF_SIZES = {
    "avg_pool2d",
    "fold",
    "max_pool2d",
    "reshape",
    "unfold",
}  # a name in a size's place is no size of the matrix


@pytest.mark.parametrize("name", FUNCTIONS)
def test_text_where_an_expression_is_meant_is_refused_and_does_not_run(name, tmp_path):
    ran = tmp_path / "ran"
    for text in (f"__import__('pathlib').Path({str(ran)!r}).touch()", "A", "x + 1", "", "1"):
        for given in arguments(name, text):
            with pytest.raises((TypeError, ValueError) if name in OF_SIZES else TypeError) as raised:
                getattr(sn, name)(*given)
            assert name in OF_SIZES or "text" in str(raised.value) or "str" in str(raised.value), raised.value
    assert not ran.exists()


def test_operators_of_nodes_take_no_text():
    for attempt in (
        lambda: sn.tanh(A) + "B",
        lambda: sn.sum(A) * "2",
        lambda: sn.tanh(A).subs(A, "B"),
        lambda: "2" * sn.tanh(A),
    ):
        with pytest.raises(TypeError):
            attempt()


@pytest.mark.parametrize("name", ["W\0", "a\nb", "\x1b[0m", "​​", " ", "", None, 3, b"W"])
def test_names_that_cannot_be_printed_are_refused(name):
    for attempt in (lambda: sn.matrix(name, 2, 2), lambda: sn.vector(name, 2), lambda: sn.let(name, A)):
        with pytest.raises((TypeError, ValueError), match="name"):
            attempt()


@pytest.mark.parametrize(
    "name", ["__import__('os')", "lambda", "exec", "A'; import os", "W.1", "öß", "a b", "np", "sqrt", "%s{0}"]
)
def test_hostile_names_are_names(name):
    W = sn.matrix(name, 2, 3)
    loss = sn.sum(sn.tanh(W) ** 1 if False else sn.tanh(W))
    kernel = sn.derive(loss, W).compile()
    at, gradients = kernel({W: [[0.0] * 3] * 2})
    assert at == 0 and (gradients[W] == 1).all() and name not in ("", None)
    assert str(sn.derive(loss, W)) and Path
