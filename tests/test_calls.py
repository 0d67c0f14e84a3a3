"""A call that does not fit is answered with the arguments that there are, in every public function and method."""

import inspect
import pickle
import pydoc
import subprocess
import sys
import types
from importlib import import_module

import numpy as np
import pytest

import symnet as sn

FUNCTIONS = {name: o for name in sn.__all__ if isinstance(o := getattr(sn, name), types.FunctionType)}
CLASSES = {name: o for name in sn.__all__ if isinstance(o := getattr(sn, name), type)}
METHODS = {
    f"{name}.{member}": method
    for name, cls in CLASSES.items()
    if not issubclass(cls, (sn.MatrixNode, sn.ScalarNode))
    for member, method in inspect.getmembers_static(cls)
    if inspect.isfunction(method)
    and f"{name}.{member}" != "MLP.activation"
    and method.__module__.startswith("symnet")
    and member[0] != "_"
}
PYTHONS = ("unexpected keyword", "positional", "multiple values", "required")

X, Y, W = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n"), sn.matrix("W", 1, 2)
K = sn.matrix("K", 2, 9)
LOSS = sn.squared_error(W * X, Y)
DERIVED = sn.derive(LOSS, W)


def said(call):
    with pytest.raises(TypeError) as raised:
        call()
    assert not any(words in str(raised.value) for words in PYTHONS), str(raised.value)
    return str(raised.value)


def of_kind(function, *kinds):
    return [p for p in inspect.signature(function).parameters.values() if p.kind in kinds and p.name != "self"]


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS])
def test_every_public_function_answers(name):
    function = FUNCTIONS.get(name) or METHODS[name]
    own = (object.__new__(CLASSES[name.split(".")[0]]),) if name in METHODS else ()
    P = inspect.Parameter
    placed = of_kind(function, P.POSITIONAL_ONLY, P.POSITIONAL_OR_KEYWORD)
    first = next((p for p in placed if p.kind is P.POSITIONAL_OR_KEYWORD), None)
    needed = [p.name for p in placed if p.default is P.empty]
    if not of_kind(function, P.VAR_KEYWORD):
        text = said(lambda: function(*own, **dict.fromkeys(needed), no_such_thing=1))
        assert text.startswith(f"{name}: there is no argument no_such_thing=; ")
        assert all(p.name in text for p in placed) or "dictionary" in text
    if not of_kind(function, P.VAR_POSITIONAL):
        text = said(lambda: function(*own, *[None] * (len(placed) + 2)))
        assert text.startswith(f"{name}: {len(placed) + 2} values were given")
        assert all(p.name in text for p in placed)
    if needed:
        text = said(lambda: function(*own))
        assert text.startswith(f"{name}: ") and "missing; write " in text and all(n in text for n in needed)
    if first is not None:
        assert f"{first.name} is given twice" in said(lambda: function(*own, *[None] * len(placed), **{first.name: 1}))


@pytest.mark.parametrize("name", [n for n, c in CLASSES.items() if "__init__" in vars(c)])
def test_every_class_answers(name):
    text = said(lambda: CLASSES[name](no_such_thing=1))
    assert text.startswith(f"{name}: ") and ("no_such_thing" in text or "missing" in text)
    assert text


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_stays_what_it_is(name):
    function = FUNCTIONS[name]
    plain = inspect.unwrap(function)
    assert inspect.signature(function) == inspect.signature(plain) and function.__doc__ == plain.__doc__
    assert function.__annotations__ == plain.__annotations__ and function.__defaults__ is None
    assert pickle.loads(pickle.dumps(function)) is function and getattr(sn, function.__name__) is function
    assert inspect.getsource(function) == inspect.getsource(plain)
    assert f"{name}(" in pydoc.plain(pydoc.render_doc(function))


def test_an_error_from_inside_is_passed_on_as_it_is():
    def f(a, b):
        return a + b

    def gradient(w):
        raise TypeError("gradient() takes 1 positional argument but 2 were given")

    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'b'"):
        f(1)
    with pytest.raises(TypeError, match="takes 1 positional argument") as raised:
        sn.check_function(lambda w: float(w @ w), gradient, np.ones(2))
    assert "there is no argument" not in str(raised.value)


def test_examples_of_methods_are_still_found():
    import doctest

    found = {t.name for t in doctest.DocTestFinder().find(import_module("symnet.derivation")) if t.examples}
    assert {"symnet.derivation.Derivation", "symnet.derivation.derive"} <= found
    assert any(name.startswith("symnet.derivation.Derivation.") for name in found)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sn.sum(X, dim=0), "sum: there is no argument dim=; write axis=0"),
        (lambda: sn.softmax(X, dim=1), "write axis=1"),
        (lambda: sn.mean(X, axis=0, keepdims=True), "keeps both axes"),
        (lambda: sn.layer_norm(X, eps=1e-5), "layer_norm: there is no argument eps=; write epsilon=1e-05"),
        (lambda: sn.batch_norm(X, gamma=W), "write gain="),
        (lambda: sn.mlp(X, hidden=8), "mlp: there is no argument hidden=; write sizes=[8, 1]"),
        (lambda: sn.mlp(X, hidden_layer_sizes=(8, 1)), "write sizes=[8, 1]"),
        (lambda: sn.mlp(X, [8], name="net"), "write prefix='net'"),
        (lambda: sn.conv2d(K, X, kernel_size=3), "conv2d: there is no argument kernel_size=; write kernel=3"),
        (lambda: sn.max_pool2d(X, pool_size=2), "write kernel=2"),
        (lambda: sn.max_pool2d(X, 2, strides=3), "write stride=3"),
        (lambda: sn.conv2d(K, X, in_channels=3), "the sizes of the matrices say it"),
        (lambda: sn.check_gradients(LOSS, {}, tol=1e-3), "the tolerance follows from method and precision"),
        (lambda: sn.check_function(sum, sum, [1.0], eps=1e-3), "the step of a numeric derivative"),
        (lambda: sn.attention(X, X, X, attn_mask=X), "attention: there is no argument attn_mask=; write mask="),
        (lambda: sn.attention(X, X, X, is_causal=True), "write mask=sn.causal_mask('n')"),
        (lambda: sn.attention(query=X, key=X, value=X), "write Q="),
        (lambda: sn.cross_entropy(X, targets=X), "write Y="),
        (lambda: sn.cross_entropy(X, X, reduction="sum"), "the mean over the samples"),
        (lambda: sn.binary_cross_entropy(X, Y, from_logits=True), "a matrix of logits"),
        (lambda: sn.affine(W, X, bias=3), "write b=3"),
        (lambda: sn.tanh(x=X), "tanh: there is no argument x=; write A="),
        (lambda: sn.dropout(X, p=0.5), "write keep=1 - p"),
        (lambda: sn.leaky_relu(X, negative_slope=0.2), "write slope=0.2"),
        (lambda: sn.clip(X, min=0, max=1), "write low=0"),
        (lambda: sn.norm(X, p=1), "write ord=1"),
        (lambda: sn.var(X, correction=1), "write ddof=1"),
        (lambda: sn.lstm(2, hidden_size=3), "write units=3"),
        (lambda: sn.one_hot([0, 1], num_classes=2), "write classes=2"),
        (lambda: sn.matrix("W", shape=(2, 3)), "sn.matrix('W', 2, 3)"),
        (lambda: sn.matrix("W", 2, 3, dtype=float), "dtype='float32'"),
        (lambda: sn.gradient(LOSS, wrt=W), "write symbol="),
        (lambda: sn.derive(LOSS, params=W), "write wrt="),
        (lambda: sn.evaluate(LOSS, X=1), "values are given in a dictionary: {'X': …}"),
        (lambda: sn.train(LOSS, X=[[1]], Y=[[1]]), "data are given in a dictionary: {'X': …}"),
        (lambda: sn.train(LOSS, {}, [W], None, 30), "the others have names: epochs=, steps="),
        (lambda: sn.formula(LOSS, mode="latex"), "write format='latex'"),
        (lambda: sn.reshape(X, newshape=(1, 2)), "write shape=(1, 2)"),
        (lambda: sn.elementwise(func=abs, A=X), "elementwise: there is no argument func=; write f="),
        (lambda: sn.Adam(betas=(0.9, 0.99)), "Adam: there is no argument betas=; write beta1=0.9"),
        (lambda: sn.Adam(0.1, 0.9, 0.99, 1e-8, 0.1), "Adam: 5 values were given without a name and it takes 4"),
        (lambda: DERIVED.compile(jit=True), "Derivation.compile: there is no argument jit=; write backend='jax'"),
        (lambda: DERIVED.latex(2), "Derivation.latex: 1 value was given without a name and it takes none; write .latex()"),
        (lambda: DERIVED.compile()(X=1, W=2), "Kernel: there is no argument X=; values are given in a dictionary"),
        (lambda: DERIVED.compile()(), "Kernel: values is missing; call it with (values)"),
        (lambda: sn.mlp(X, [2])(X, X), "MLP: 2 values were given"),
    ],
)  # fmt: skip
def test_names_of_other_libraries(call, words):
    assert words in said(call)


def test_what_is_given_to_a_function_may_be_one_of_ours():
    assert sn.mlp(X, [3, 1], sn.relu).activation is sn.mlp(X, [3, 1], "relu").activation
    assert sn.evaluate(sn.elementwise(sn.tanh, X), {X: [[0.0], [0.0]]}).tolist() == [[0.0], [0.0]]


def test_what_a_derivation_gives_answers_though_nobody_has_asked_for_its_class():
    told = """
import symnet as sn
w = sn.vector("w", 2)
try:
    sn.derive(sn.norm(w)**2, w).compile()({w: [[1], [2]]}, no_such_thing=1)
except TypeError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("Kernel: there is no argument no_such_thing=")
