"""Nets with the face of scikit-learn: samples are rows, `fit` trains, and the formula that was trained can be read.

In: arrays as scikit-learn takes them. Out: estimators that work in its pipelines and searches. What is derived,
compiled and trained is what `symnet.train` trains; nothing here knows a formula but the penalty.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:
    raise ModuleNotFoundError(
        "symnet.sklearn needs scikit-learn, which is not installed: pip install 'symnet[sklearn]'"
    ) from None

from symnet.backends import evaluate, one_hot
from symnet.expressions import accuracy, cross_entropy, functions, mlp, squared_error
from symnet.optimizers import Adam, Solver, as_optimizer
from symnet.training import Loop, State, Task, begun, glorot, planned

__all__ = ["SymbolicClassifier", "SymbolicRegressor"]

_LARGEST_BATCH = 200


class _Symbolic(BaseEstimator):  # type: ignore[misc]
    # what the two share; their parameters have the names of MLPClassifier's where it has them

    def __init__(
        self, hidden: Any = (100,), activation: Any = "relu", optimizer: Any = None, loss: Any = None, *,
        alpha: float = 1e-4, batch_size: Any = "auto", max_iter: int = 200, tol: float = 1e-4,
        n_iter_no_change: int = 10, early_stopping: bool = False, validation_fraction: float = 0.1,
        warm_start: bool = False, random_state: Any = None, verbose: bool = False,
    ) -> None:  # fmt: skip
        self.hidden = hidden
        self.activation = activation
        self.optimizer = optimizer
        self.loss = loss
        self.alpha = alpha
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> Any:
        """Train on samples (rows of X) and their targets; gives the estimator itself.

        Raises `ValueError` for data that scikit-learn refuses, and warns of a loss that still falls at the end.
        """
        goes_on = self.warm_start and hasattr(self, "_weights")
        X, Y = self._checked(X, y, reset=not goes_on)
        if not goes_on:
            self._forget(X, Y)
        if self.early_stopping and len(X) > 1:
            split = train_test_split(
                X, Y, test_size=self.validation_fraction, random_state=self._random_state(), stratify=self._strata(Y)
            )
            return self._trained(split[0], split[2], split[1::2])
        return self._trained(X, Y, None)

    def _forget(self, X: Any, Y: Any) -> None:
        for name in ("_weights", "_step", "_generator"):
            self.__dict__.pop(name, None)
        self.loss_curve_: list[float] = []
        self.t_ = 0
        self._generator = np.random.default_rng(self._random_state())
        self._set_net(X.shape[1], Y.shape[1])

    def _set_net(self, inputs: int, outputs: int) -> None:
        hidden = [self.hidden] if isinstance(self.hidden, int) else list(self.hidden)
        self._X, self._Y = functions.matrix("X", "n", inputs), functions.matrix("Y", "n", outputs)
        net = mlp(self._X, [*hidden, outputs], self.activation, axis=1)
        self._output, self._parameters = net.output, tuple(net.parameters)
        n = self._X.shape[0]
        penalty = sum(functions.norm(W) ** 2 for W in self._parameters[::2])
        self._loss = self._own_loss(net.output, self._Y) + (self.alpha * penalty / (2 * n) if self.alpha else 0)

    def _random_state(self) -> Any:
        state = self.random_state
        return check_random_state(state).randint(2**31 - 1) if state is not None else None

    def _trained(self, X: Any, Y: Any, held: Any) -> Any:
        data, judged = {self._X: X, self._Y: Y}, None
        metrics = {"score": self._score(self._output, self._Y)} if held else {}
        if held:
            judged = {self._X: held[0], self._Y: held[1]}
        loop = self._loop(data, judged, metrics, self.max_iter)
        solves = isinstance(self.optimizer, Solver)  # which knows itself when it has converged
        waited = self._run(loop, np.inf if solves and not held else self.n_iter_no_change)
        if held and loop.best is not None:
            self._weights = loop.best.weights
            self.validation_scores_ = loop.history["score"].tolist()
            self.best_validation_score_ = max(self.validation_scores_)
        converged = loop.ended.success if loop.ended else waited >= self.n_iter_no_change
        if not converged and self.max_iter > 1:
            text = f"{self.max_iter} epochs are over and the loss still falls; give a larger max_iter"
            warnings.warn(loop.ended.message if loop.ended else text, ConvergenceWarning, stacklevel=3)
        return self

    def _loop(self, data: Any, judged: Any, metrics: Any, epochs: int) -> Loop:
        samples = len(data[self._X])
        optimizer = Adam() if self.optimizer is None else as_optimizer(self.optimizer)
        size = _LARGEST_BATCH if self.batch_size == "auto" else self.batch_size
        size = None if isinstance(optimizer, Solver) else min(size, samples)
        dtype = np.float32 if data[self._X].dtype == np.float32 else np.float64
        task = Task(self._loss, metrics, optimizer, dtype, batch_size=size)
        plan = planned(epochs, None, None, None, False, None)
        step = getattr(self, "_step", None)
        known = self.parameters_ if hasattr(self, "_weights") else list(self._parameters)
        loop = begun(task, data, known, judged, plan, glorot(), self._generator, step=step)
        self._step = loop.step
        if hasattr(self, "_weights"):
            loop.state = State(self._weights, steps=self.t_)
        return loop

    def _run(self, loop: Loop, patience: float) -> int:
        # run until the loss has not fallen by more than tol for so many epochs; give how many there were at the end
        key = "validation_loss" if loop.monitors else "loss"
        best, waited, epochs = np.inf, 0, loop.plan.epochs

        def judge(epoch: int, loss: float, _: Any) -> bool:
            nonlocal best, waited
            now = loop.history[key][-1]
            waited = waited + 1 if now > best - self.tol else 0
            best = min(best, now)
            if self.verbose:
                print(f"epoch {epoch} of {epochs}, loss {loss:.6g}")
            return waited >= patience

        loop.plan = planned(epochs, None, None, None, False, judge)
        loop.run()
        self._weights, self.t_ = loop.state.weights, loop.state.steps
        self.loss_curve_ += loop.history["loss"]
        self.loss_ = self.loss_curve_[-1]
        self.n_iter_ = len(loop.history["loss"])
        return waited

    @property
    def derivation_(self) -> Any:
        """The formula that was trained: loss, gradients and the optimizer's step."""
        check_is_fitted(self)
        return self._step.derivation

    @property
    def parameters_(self) -> dict[str, Any]:
        """The trained arrays by name: W1 (inputs, outputs), b1 (1, outputs), W2, …"""
        check_is_fitted(self)
        found = dict(zip((s.name for s in self._step.moving), self._weights, strict=True))
        return {W.name: found[W.name] for W in self._parameters}

    def _outputs(self, X: Any) -> Any:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        return evaluate(self._output, {self._X: X, **self.parameters_})

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_weights")

    def _partly(self, X: Any, Y: Any) -> Any:
        loop = self._loop({self._X: X, self._Y: Y}, None, {}, 1)
        self._run(loop, np.inf)
        return self


def _takes_parts(estimator: Any) -> bool:
    if isinstance(estimator.optimizer, Solver):
        name = type(estimator.optimizer).__name__
        raise AttributeError(f"partial_fit is there for optimizers that take a part of the samples, not for {name}")
    return True


def _has_probabilities(estimator: Any) -> bool:
    if estimator.loss is not None:
        raise AttributeError("predict_proba is there for the cross-entropy alone, not for a loss of your own")
    return True


class SymbolicClassifier(ClassifierMixin, _Symbolic):  # type: ignore[misc]
    """A multilayer perceptron that tells classes, trained on a symbolic loss; used as scikit-learn's `MLPClassifier`.

    hidden: outputs of the hidden layers, () for a linear model; activation: a name or a function, as in `symnet.mlp`.
    optimizer: `symnet.Adam()` by default, a learning rate, or a solver such as `symnet.LBFGS()`, which takes all
    samples at once and ends by its own tolerances; loss: a function from the output (samples, classes) and one-hot
    targets of that shape to a scalar expression, the cross-entropy of the output's softmax by default.
    alpha: weight of the penalty α‖W‖²/(2n); batch_size: samples a step, at most 200 where it is "auto"; max_iter:
    epochs. tol, n_iter_no_change: training ends after so many epochs in which the loss did not fall by tol, with
    `early_stopping` that of a share of the samples that is held back, whose best epoch is kept. warm_start: `fit` goes
    on where the last one ended. random_state: a seed, for weights and batches.

    After `fit`: `classes_`, `loss_curve_`, `loss_`, `n_iter_`, `derivation_` (the formula that was trained),
    `parameters_` (arrays by name), with early stopping `validation_scores_` and `best_validation_score_`.

    >>> from symnet.sklearn import SymbolicClassifier
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]] * 5, ["no", "yes", "yes", "no"] * 5
    >>> net = SymbolicClassifier([8], "tanh", 0.5, alpha=0, max_iter=5000, random_state=1).fit(X, y)
    >>> net.predict([[0, 1], [1, 1]]).tolist()
    ['yes', 'no']
    """

    def _own_loss(self, output: Any, Y: Any) -> Any:
        return cross_entropy(output, Y, axis=1) if self.loss is None else self.loss(output, Y)

    def _score(self, output: Any, Y: Any) -> Any:
        return accuracy(output, Y, axis=1)

    def _strata(self, Y: Any) -> Any:
        counts = Y.sum(axis=0)
        return Y.argmax(axis=1) if counts.min() > 1 and len(Y) * self.validation_fraction >= len(counts) else None

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(self, X, y, reset=reset, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        if reset:
            self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(f"{type(self).__name__} needs samples of two classes at least, and y has one class")
        strange = set(np.unique(y).tolist()) - set(self.classes_.tolist())
        if strange:
            raise ValueError(f"y has classes that were not there before: {sorted(map(str, strange))}")
        return X, one_hot(y, self.classes_.tolist(), axis=1).astype(X.dtype)

    @available_if(_takes_parts)
    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Any:
        """Go through some samples once, from where the weights and the optimizer are.

        classes: all there are; needed the first time. Raises `ValueError` where they are not given then.
        """
        first = not hasattr(self, "_weights")
        if first:
            if classes is None:
                raise ValueError("partial_fit: give all classes the first time, classes=[…]")
            self.classes_ = np.unique(classes)
            validate_data(self, X, y, dtype=[np.float64, np.float32])
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"partial_fit: classes are {self.classes_.tolist()}, as they were given the first time")
        X, Y = self._checked(X, y, reset=False)
        if first:
            self._forget(X, Y)
        return self._partly(X, Y)

    def predict(self, X: Any) -> Any:
        """Give the class of each sample."""
        best = self._outputs(X).argmax(axis=1)
        return self.classes_[best]

    def decision_function(self, X: Any) -> Any:
        """Give the outputs (samples, classes); for two classes the second minus the first, (samples,)."""
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if len(self.classes_) == 2 else outputs

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> Any:
        """Give the probability of each class, (samples, classes): the softmax of the outputs."""
        Z = functions.matrix("Z", "n", len(getattr(self, "classes_", (0, 1))))
        return evaluate(functions.softmax(Z, axis=1), {Z: self._outputs(X)})

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: Any) -> Any:
        """Give the logarithm of the probability of each class, (samples, classes)."""
        Z = functions.matrix("Z", "n", len(getattr(self, "classes_", (0, 1))))
        return evaluate(functions.log_softmax(Z, axis=1), {Z: self._outputs(X)})


class SymbolicRegressor(RegressorMixin, _Symbolic):  # type: ignore[misc]
    """A multilayer perceptron that tells numbers, trained on a symbolic loss; used as scikit-learn's `MLPRegressor`.

    loss: a function from the output (samples, outputs) and targets of that shape to a scalar expression, the squared
    error ‖P − Y‖²/(2n) by default; the other parameters and attributes are those of `SymbolicClassifier`, the scores
    are R².

    >>> from symnet.sklearn import SymbolicRegressor
    >>> net = SymbolicRegressor([], optimizer=0.1, alpha=0, tol=1e-12, max_iter=5000, random_state=0)
    >>> net = net.fit([[0], [1], [2]], [1, 3, 5])
    >>> net.predict([[10]]).round(3).tolist()
    [21.0]
    """

    def _own_loss(self, output: Any, Y: Any) -> Any:
        return squared_error(output, Y, axis=1) if self.loss is None else self.loss(output, Y)

    def _score(self, output: Any, Y: Any) -> Any:
        n, middle = Y.shape[0], functions.mean(Y)
        return 1 - functions.norm(output - Y) ** 2 / (functions.norm(Y) ** 2 - n * Y.shape[1] * middle**2)

    def _strata(self, Y: Any) -> None:
        return None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(self, X, y, reset=reset, multi_output=True, y_numeric=True, dtype=[np.float64, np.float32])
        self._flat = y.ndim == 1
        return X, y.reshape(len(y), -1).astype(X.dtype)

    @available_if(_takes_parts)
    def partial_fit(self, X: Any, y: Any) -> Any:
        """Go through some samples once, from where the weights and the optimizer are."""
        first = not hasattr(self, "_weights")
        X, Y = self._checked(X, y, reset=first)
        if first:
            self._forget(X, Y)
        return self._partly(X, Y)

    def predict(self, X: Any) -> Any:
        """Give the outputs, (samples,) or (samples, outputs) as the targets were."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._flat else outputs
