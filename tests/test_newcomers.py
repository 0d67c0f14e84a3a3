"""Names that users of other libraries write first: the error says what it is called here."""

import copy
import pickle

import numpy as np
import pytest

import symnet as sn

X, Y = sn.vector("x", 2), sn.vector("y", 2)
LOSS, DATA, START = sn.norm(X - Y) ** 2 / 2, {Y: [[1], [2]]}, {X: [[0], [0]]}


def refused(error, words, call):
    with pytest.raises(error) as raised:
        call()
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        *[("epoch", "epochs"), ("n_epochs", "epochs"), ("max_iter", "epochs"), ("batchsize", "batch_size")],
        *[("validation_split", "validation"), ("validation_data", "validation"), ("early_stopping", "patience")],
        *[("random_state", "seed"), ("verbose", "progress"), ("callbacks", "callback"), ("lr", "optimizer")],
        *[("learning_rate", "optimizer"), ("clipnorm", "clip"), ("optimiser", "optimizer"), ("metric", "metrics")],
    ],
)
def test_arguments_of_train(theirs, ours):
    words = f"train: there is no argument {theirs}=; write {ours}="
    refused(TypeError, words, lambda: sn.train(LOSS, DATA, START, **{theirs: 1}))


def test_an_argument_like_none_is_told_which_there_are():
    refused(
        TypeError, "there is no argument shuffle=; there are loss, data", lambda: sn.train(LOSS, DATA, shuffle=True)
    )


@pytest.mark.parametrize(
    ("rule", "theirs", "ours"),
    [
        *[("Adam", "lr", "rate"), ("Adam", "learning_rate", "rate"), ("Adam", "beta_1", "beta1")],
        *[("Adam", "eps", "epsilon"), ("Momentum", "momentum", "beta"), ("GradientDescent", "lr", "rate")],
    ],
)
def test_arguments_of_optimizers(rule, theirs, ours):
    words = f"{rule}: there is no argument {theirs}=; write {ours}="
    refused(TypeError, words, lambda: getattr(sn, rule)(**{theirs: 0.5}))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        *[("SGD", "sn.GradientDescent"), ("RMSprop", "sn.RMSProp"), ("grad", "sn.gradient(")],
        *[("binary_crossentropy", "sn.binary_cross_entropy"), ("mae", "sn.mean(sn.abs("), ("fit", "sn.train")],
        *[("gradients", "sn.gradient"), ("crossentropy", "sn.cross_entropy"), ("where", "sn.elementwise")],
        ("cbrt", "sn.elementwise(lambda a: sign(a)"),
    ],
)
def test_functions(theirs, ours):
    refused(AttributeError, f"no attribute {theirs!r}; write {ours}", lambda: getattr(sn, theirs))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("predict", "run.evaluate("), ("weights", "run.parameters"), ("save", "sn.save("), ("state_dict", "run.param")],
)
def test_a_run(theirs, ours):
    run = sn.train(LOSS, DATA, START, epochs=1, progress=False)
    refused(AttributeError, f"has no {theirs}; write {ours}", lambda: getattr(run, theirs))
    assert copy.deepcopy(run).loss == pickle.loads(pickle.dumps(run)).loss == run.loss
    assert pickle.loads(pickle.dumps(sn.Adam(0.3))) == copy.copy(sn.Adam(0.3)) == sn.Adam(rate=0.3)


@pytest.mark.parametrize(
    "data", [np.ones((2, 3)), (np.ones((2, 3)), np.ones(3)), [np.ones(3)]], ids=["x", "(x, y)", "[x]"]
)
def test_arrays_without_names(data):
    refused(
        TypeError,
        "data: arrays need the names of their symbols; write a dictionary {X: x, Y: y}",
        lambda: sn.train(LOSS, data),
    )


@pytest.mark.parametrize("metrics", [["accuracy"], "accuracy", LOSS], ids=["list", "text", "expression"])
def test_metrics_without_names(metrics):
    refused(TypeError, "{'accuracy': sn.accuracy(net, Y)}", lambda: sn.train(LOSS, DATA, START, metrics=metrics))


def test_a_size_left_open():
    refused(ValueError, "a name such as 'n', not None", lambda: sn.matrix("X", None, 4))
    refused(ValueError, "a name such as 'n', not None", lambda: sn.vector("x", None))


A22, T, S2 = sn.matrix("A", 2, 2), sn.matrix("T", 2, "n"), sn.matrix("S", 3, "n")
V2 = sn.matrix("V", 2, 3)
FIT = sn.squared_error(sn.tanh(V2 * S2), T)
AT = {V2: np.ones((2, 3)) / 4, S2: np.arange(12.0).reshape(3, 4) / 12, T: np.ones((2, 4)) / 2}


def test_a_norm_along_an_axis_is_not_one_of_an_order():
    for second in (1, 0, 2, "fro", np.inf):
        with pytest.raises(TypeError, match="the others have names: axis=, ord="):
            sn.norm(A22, second)


def test_nothing_is_differentiated_by_a_size():
    n = S2.shape[1]
    for ask in (
        lambda: sn.gradient(FIT, n),
        lambda: sn.derive(FIT, [V2, n]),
        lambda: FIT.diff(n),
        lambda: sn.hessian(FIT, n),
    ):
        with pytest.raises(TypeError, match="n is the size of a matrix"):
            ask()


def test_activations_are_no_sizes():
    for sizes in ([4, "relu", 2], ["tanh", 2], [4, 2, "sigmoid"]):
        with pytest.raises(TypeError, match="write activation="):
            sn.mlp(S2, sizes)


def test_a_derivation_is_checked_in_its_own_symbols():
    d = sn.derive(FIT, [V2, S2])
    for wrt in (None, [V2, S2], ["V", "S"]):
        check = sn.check_gradients(d, AT, wrt)
        assert check.ok and len(check.rows) == 2
    with pytest.raises(ValueError, match="its own symbols, V, S"):
        sn.check_gradients(d, AT, [V2])


def test_a_checkpoint_of_another_net_is_not_overwritten(tmp_path):
    path, data = tmp_path / "run.npz", {S2: AT[S2], T: AT[T]}
    options = {"epochs": 1, "progress": False, "checkpoint": path}
    for loss in (FIT, FIT, 2 * FIT, sn.squared_error(V2 * S2, T), FIT):  # of the same symbols: begun anew
        sn.train(loss, data, **options)
    weights = tmp_path / "weights.npz"
    sn.save(weights, {V2: AT[V2]})
    other, deeper = sn.matrix("U", 2, 3), sn.matrix("U", 2, 2)
    nets = ((sn.squared_error(other * S2, T), path), (FIT, weights), (sn.squared_error(deeper * V2 * S2, T), path))
    for loss, file in nets:
        before = file.read_bytes()
        with pytest.raises(ValueError, match="is no checkpoint of this net"):
            sn.train(loss, data, **{**options, "checkpoint": file})
        assert file.read_bytes() == before
