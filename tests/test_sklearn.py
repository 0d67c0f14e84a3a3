"""The estimators are what scikit-learn's users expect."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import symnet as sn
from symnet.sklearn import SymbolicClassifier, SymbolicRegressor

IRIS = load_iris(return_X_y=True)


@pytest.mark.sampled(3)
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([SymbolicClassifier(), SymbolicRegressor()])
def test_what_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_in_a_pipeline_and_a_search_with_processes():
    pipe = make_pipeline(
        StandardScaler(), SymbolicClassifier([8], optimizer=sn.Adam(0.02), max_iter=60, random_state=0)
    )
    search = GridSearchCV(
        pipe,
        {"symbolicclassifier__hidden": [(4,), (8,)], "symbolicclassifier__activation": ["tanh", "relu"]},
        n_jobs=2,
        cv=3,
    )
    search.fit(*IRIS)
    assert search.best_score_ > 0.93
    assert cross_val_score(search.best_estimator_, *IRIS, cv=3).mean() > 0.93


def test_without_hidden_layers_it_is_logistic_regression():
    X, y = IRIS
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    ours = SymbolicClassifier(
        [],
        optimizer=sn.Nesterov(0.5, 0.97),
        alpha=1.0,
        batch_size=len(y),
        max_iter=4000,
        tol=0,
        n_iter_no_change=100,
        random_state=0,
    ).fit(X, y)
    theirs = LogisticRegression(C=1.0, tol=1e-10, max_iter=10000).fit(X, y)  # penalises ‖W‖²/2 beside the summed loss
    np.testing.assert_allclose(
        ours.parameters_["W1"].T - ours.parameters_["W1"].T.mean(axis=0),
        theirs.coef_ - theirs.coef_.mean(axis=0),
        atol=1e-5,
    )
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    np.testing.assert_allclose(np.exp(ours.predict_log_proba(X)), ours.predict_proba(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_formula_is_there_and_all_can_be_pickled():
    net = SymbolicClassifier([5], "tanh", max_iter=3, random_state=0).fit(*IRIS)
    text = str(net.derivation_)
    assert "tanh" in text and "∂L/∂W₁" in text and "Update" in text
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.predict_proba(IRIS[0]), net.predict_proba(IRIS[0]))
    np.testing.assert_array_equal(again.partial_fit(*IRIS).parameters_["W1"], net.partial_fit(*IRIS).parameters_["W1"])
    assert clone(net).get_params() == net.get_params()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("optimizer", [None, 0.05, sn.Momentum(0.05)])
def test_a_warm_start_and_parts_go_on_where_the_last_one_ended(optimizer):
    how = {"hidden": (6,), "optimizer": optimizer, "batch_size": 50, "random_state": 3, "tol": -np.inf}
    whole = SymbolicClassifier(max_iter=6, **how).fit(*IRIS)
    warm = SymbolicClassifier(max_iter=3, warm_start=True, **how).fit(*IRIS).fit(*IRIS)
    parts = SymbolicClassifier(**how)
    for _ in range(6):
        parts.partial_fit(*IRIS, classes=[0, 1, 2])
    for other in (warm, parts):
        np.testing.assert_array_equal(other.parameters_["W1"], whole.parameters_["W1"])
        assert other.loss_curve_ == whole.loss_curve_ and len(whole.loss_curve_) == 6


def test_early_stopping_keeps_the_best():
    X, y = load_digits(return_X_y=True)
    net = SymbolicClassifier(
        [32], optimizer=sn.Adam(0.01), early_stopping=True, n_iter_no_change=4, max_iter=60, random_state=0
    ).fit(X[:1200] / 16, y[:1200])
    assert len(net.validation_scores_) == net.n_iter_ < 60
    assert net.best_validation_score_ == max(net.validation_scores_) and net.score(X[1200:] / 16, y[1200:]) > 0.9


def test_a_loss_of_ones_own():
    def hinge(output, Y):  # one against the rest, targets −1 and 1
        return sn.mean(sn.relu(1 - sn.hadamard(2 * Y - 1, output)))

    net = make_pipeline(
        StandardScaler(), SymbolicClassifier([], loss=hinge, optimizer=sn.Adam(0.05), max_iter=300, random_state=0)
    ).fit(*IRIS)
    assert net.score(*IRIS) > 0.9
    assert not hasattr(net[-1], "predict_proba") and net.decision_function(IRIS[0]).shape == (150, 3)
    X, y = make_regression(200, 5, random_state=0)
    y = y / y.std()
    absolute = SymbolicRegressor(
        [], loss=lambda P, Y: sn.mean(sn.abs(P - Y)), optimizer=sn.Adam(0.02), max_iter=800, alpha=0, random_state=0
    ).fit(X, y)
    assert absolute.score(X, y) > 0.99


def test_several_outputs_and_float32():
    X, Y = make_regression(100, 4, n_targets=3, random_state=0)
    X, Y = X.astype(np.float32), (Y / Y.std()).astype(np.float32)
    net = SymbolicRegressor([], optimizer=sn.Adam(0.05), max_iter=500, alpha=0, random_state=0).fit(X, Y)
    assert net.predict(X).shape == (100, 3) and net.predict(X).dtype == np.float32 and net.score(X, Y) > 0.99


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="classes="):
        SymbolicClassifier().partial_fit(*IRIS)
    with pytest.raises(ValueError, match="not there before"):
        SymbolicClassifier().partial_fit(*IRIS, classes=[0, 1])
    with pytest.raises(ValueError, match="given the first time"):
        SymbolicClassifier().partial_fit(*IRIS, classes=[0, 1, 2]).partial_fit(*IRIS, classes=[0, 1])
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        SymbolicClassifier(max_iter=2, random_state=0).fit(*IRIS)
