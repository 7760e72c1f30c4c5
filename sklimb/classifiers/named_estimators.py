"""Several classifiers as one parameter: a list of them, with names or without."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import _name_estimators

from sklimb._data.by_class import by_label
from sklimb._data.from_tensors import without_tensors

# Stands for a classifier that is left out, as in scikit-learn's VotingClassifier.
DROP = "drop"
_FORMS = (
    "Give a list of classifiers, [LogisticRegression(), RandomForestClassifier()], or of pairs "
    "(name, classifier), [('linear', LogisticRegression()), ('forest', RandomForestClassifier())]."
)


def is_dropped(estimator: Any) -> bool:
    """Return whether an entry is "drop" in place of a classifier."""
    return isinstance(estimator, str) and estimator == DROP


def _is_pair(entry: Any) -> bool:
    return isinstance(entry, (tuple, list)) and len(entry) == 2


def named_estimators(estimators: Any) -> list[tuple[str, Any]]:
    """Return the user's classifiers as pairs (name, classifier), unchecked.

    A classifier without a name is called by its type in lower case, of several of a type with a
    number behind it, as scikit-learn's ``make_pipeline`` does.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklimb.classifiers.named_estimators import named_estimators
    >>> named_estimators([("bayes", GaussianNB()), LogisticRegression()])
    [('bayes', GaussianNB()), ('logisticregression', LogisticRegression())]
    """
    if not isinstance(estimators, (list, tuple)):
        return []
    bare = [entry for entry in estimators if not _is_pair(entry)]
    names = iter(name for name, _ in _name_estimators(bare))
    return [tuple(entry) if _is_pair(entry) else (next(names), entry) for entry in estimators]


def check_named_estimators(estimators: Any, reserved: Collection[str]) -> list[tuple[str, Any]]:
    """Return the user's classifiers as checked pairs (name, classifier or "drop").

    Parameters
    ----------
    estimators : list of classifiers or of (name, classifier)
    reserved : collection of str
        Names that no classifier may have: those of the parameters beside.

    Raises
    ------
    TypeError
        If it is no such list, or a name is no string.
    ValueError
        If nothing is in the list, or names could not be told from each other or from parameters.
    """
    if not isinstance(estimators, (list, tuple)) or any(isinstance(e, str) for e in estimators):
        raise TypeError(f"estimators is {estimators!r}. {_FORMS}")
    pairs = named_estimators(estimators)
    if all(is_dropped(estimator) for _, estimator in pairs):
        what = "all of them are 'drop'" if pairs else "the list is empty"
        raise ValueError(f"estimators has no classifier, {what}. {_FORMS}")
    names = [name for name, _ in pairs]
    for name, estimator in pairs:
        if not isinstance(name, str):
            raise TypeError(f"estimators has the name {name!r}, which is no string. {_FORMS}")
        if names.count(name) > 1:
            raise ValueError(
                f"estimators has the name {name!r} more than once, in {names}. Give each "
                "classifier a name of its own."
            )
        if "__" in name or name in reserved:
            why = "has two underscores" if "__" in name else "is a parameter beside estimators"
            raise ValueError(
                f"estimators has the name {name!r}, which {why}, so that name__parameter could "
                "not be told apart. Give another name."
            )
        if isinstance(estimator, str) and not is_dropped(estimator):
            raise TypeError(f"estimators has {estimator!r} as {name!r}. {_FORMS}")
    return pairs


def estimator_weights(weights: Any, pairs: list[tuple[str, Any]]) -> np.ndarray:
    """Return a weight for each classifier that is not dropped.

    Parameters
    ----------
    weights : array-like, mapping, Series or None
        By position, those that are dropped included, or by name; None weighs all equally.
    pairs : list of (name, classifier)

    Raises
    ------
    ValueError
        If a classifier has no weight or a name no classifier, or weights are not finite, negative
        or all 0.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklimb.classifiers.named_estimators import estimator_weights
    >>> pairs = [("a", GaussianNB()), ("b", GaussianNB())]
    >>> estimator_weights(pd.Series({"b": 2, "a": 1}), pairs)
    array([1., 2.])
    """
    kept = [not is_dropped(estimator) for _, estimator in pairs]
    if weights is None:
        return np.ones(sum(kept))
    names = [name for name, _ in pairs]
    named = by_label(weights, "weights", or_position=names)
    if named is not None and set(named) != set(names):
        raise ValueError(
            f"weights by name must hold a number for each of the estimators {names} and no other, "
            f"got {weights!r}."
        )
    given = weights if named is None else [named[name] for name in names]
    try:
        array = np.asarray(without_tensors(given, "weights"), dtype=np.float64)
    except (TypeError, ValueError):  # text, lists of several lengths
        array = np.empty(0)
    if array.shape != (len(pairs),):
        raise ValueError(
            f"weights must hold a number for each of {len(pairs)} estimators, {names}, got "
            f"{weights!r}. None weighs them equally."
        )
    array = array[kept]
    if not np.all(np.isfinite(array)) or np.any(array < 0) or not np.any(array > 0):
        raise ValueError(
            "weights must be finite, none negative, and not all 0, for the estimators "
            f"{names}, got {weights!r}. None weighs them equally."
        )
    return array


class NamedEstimatorsMixin:
    """Parameters of the classifiers in ``estimators`` by name, as in ``net__max_epochs``."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, and those of the classifiers in ``estimators``.

        Parameters
        ----------
        deep : bool, default=True
            Return the classifiers by name, and their parameters as ``name__parameter``, too.

        Returns
        -------
        dict
            Parameters by name.
        """
        params = super().get_params(deep=deep)  # type: ignore[misc]
        if deep:
            for name, estimator in named_estimators(self.estimators):
                params[name] = estimator
                if isinstance(estimator, BaseEstimator):
                    nested = estimator.get_params(deep=True)
                    params |= {f"{name}__{key}": value for key, value in nested.items()}
        return params

    def set_params(self, **params: Any) -> BaseEstimator:
        """Set parameters, and those of the classifiers in ``estimators``.

        Parameters
        ----------
        **params : dict
            Parameters; ``name`` sets the classifier of that name ("drop" leaves it out), and
            ``name__parameter`` a parameter of it.

        Returns
        -------
        BaseEstimator
            The estimator.
        """
        if "estimators" in params:
            self.estimators = params.pop("estimators")
        pairs = named_estimators(self.estimators)
        replaced = {name: params.pop(name) for name, _ in pairs if name in params}
        if replaced:
            self.estimators = [(name, replaced.get(name, old)) for name, old in pairs]
        return super().set_params(**params)  # type: ignore[misc]


def unset_seeds(estimator: BaseEstimator) -> list[str]:
    """Return the parameters of an estimator, and of what is nested in it, that are to be seeded."""
    return [
        name
        for name, value in sorted(estimator.get_params(deep=True).items())
        if value is None and (name == "random_state" or name.endswith("__random_state"))
    ]
