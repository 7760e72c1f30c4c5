"""Algorithm 1 of M2m, offline: `fit_resample` for any imbalanced-learn pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils._param_validation import StrOptions

from sklimb._constraints import COUNT_OR_ZERO, DEVICE, RANDOM_STATE
from sklimb._data.from_tensors import without_tensors
from sklimb._data.remedies import overflow_named
from sklimb._data.tensors import has_float64
from sklimb._random import Streams, choose_threads, isolated_rng, torch_defaults
from sklimb._training.plan import resolve_device
from sklimb._warnings import warn
from sklimb.backbones import MLP
from sklimb.classifiers.rebalanced import RebalancedClassifier
from sklimb.classifiers.sources import (
    TRANSLATION_CONSTRAINTS,
    check_source,
    fit_source,
    is_fitted_source,
    score_network,
)
from sklimb.over_sampling._rows import (
    TableRows,
    integer_columns,
    integers_as_floats,
)
from sklimb.over_sampling._seed_draws import SeedDraws, draw_seeds
from sklimb.over_sampling._strategy_by_class import ByClassOverSampler
from sklimb.over_sampling._table_translation import TableTranslation, chunk_size


class M2mSampler(ByClassOverSampler):
    r"""Over-sampling by translating samples of larger classes into samples of smaller ones.

    What to set first:

    - `sampling_strategy`: which classes get how many samples;
    - `step_size`: how far a sample may go, `n_steps` times; more, where few are translated
      (`acceptance_rate_`);
    - `gamma`: how sure g has to be; less, where few are accepted;
    - `source_estimator`: g, if the default network learns your data badly;
    - `random_state`: an int, for the same result each time.

    A new sample of class k starts from a sample :math:`x_0` of a larger class :math:`k_0` (drawn by
    Eq. 5 of [1]_) and goes `n_steps` steps of length `step_size` down the gradient of

    .. math:: L(g; x, k) + \lambda f_{k_0}(x)

    (Eq. 2), with g and f two networks that were trained on the data as they are, :math:`L` the
    cross entropy and :math:`f_{k_0}` the score of the seed's class. It is kept if g then gives k at
    least the confidence `gamma`, and with the probability of Eq. 3; otherwise a sample of class k
    is repeated. Unlike SMOTE it needs no neighbours, so a class of one sample works, and what the
    new samples vary in comes from the larger classes.

    Parameters
    ----------
    sampling_strategy : float, str, dict, Series or callable, default="auto"
        Which classes are brought to how many samples, as in imbalanced-learn. "auto" brings each
        class to the size of the largest one. Sizes by label come in a dict or in a Series indexed
        by label. They may name labels that y lacks (as a fold may) if y has at least one of those
        named; if y also has several classes without a size, a warning names both.
    lam : float, default=0.1
        :math:`\lambda`: how much f's raw score of the seed's class counts. The paper's candidates
        are 0.01, 0.1 and 0.5; 0 leaves f out.
    beta : float, default=0.9
        A translation from a class that has s samples more than the target's is kept with
        probability :math:`1 - \beta^s`. Of the paper's candidates 0.9, 0.99 and 0.999 the one that
        lets sets of a hundred samples have translations at all. At 0 only `gamma` decides, at 1 all
        are rejected.
    gamma : float, default=0.9
        Least confidence of g in the target class; the paper's candidates are 0.9 and 0.99.
    step_size : float, default=0.3
        :math:`\eta`, in the units of `unit`. The paper's 0.1 is a length in pixels from 0 to 1; it
        is short of most class boundaries between standardised columns.
    n_steps : int, default=10
        :math:`T`.
    unit : {"spread", "raw"}, default="spread"
        "spread" measures steps in each column's standard deviation, so that the columns' units do
        not matter; "raw" takes the numbers as they are.
    max_nnz : int or None, default=None
        How many entries of a new sample may differ from its seed's: the largest changes stay. None
        is 4 times the entries of the seed that are not 0, which keeps sparse rows sparse.
    round_integers : bool, default=True
        Round columns of integers; False returns such columns as floats.
    source_estimator : classifier, nn.Module or None, default=None
        g: a classifier of sklimb or a skorch net, which is cloned and fitted, or a fitted network:
        an ``nn.Module`` whose scores are in the order of the sorted labels, or a fitted classifier
        in ``sklearn.frozen.FrozenEstimator``. None is a `RebalancedClassifier` with the plain MLP
        and no dropout, for g has to know its training samples.
    target_estimator : classifier, nn.Module or None, default=None
        f, likewise. None is the same plain net from another seed, as f is in the paper when
        translation starts.
    random_state : int, RandomState, Generator or None, default=None
        Decides the networks and all draws.
    device : str, default="cpu"
        Where the networks of the defaults are trained and samples translated: "cpu", "cuda", "mps"
        or "auto".

    Attributes
    ----------
    sampling_strategy_ : dict
        For each class that gets new samples, how many.
    seed_indices_ : ndarray of shape (n_new,)
        For each new sample, in order, the sample of X that it was translated from or repeats.
    seed_classes_ : ndarray of shape (n_new,)
        The class of that sample.
    translated_ : ndarray of bool, shape (n_new,)
        Whether the new sample is a translation; False is a repeated sample.
    confidence_ : ndarray of shape (n_new,)
        g's confidence in the target class after translation, NaN where none was tried: Eq. 3 had
        rejected it, or no class is larger.
    acceptance_rate_ : float
        Share of the new samples that are translations; NaN if there are no new samples.
    source_estimator_, target_estimator_ : classifier or nn.Module
        g and f; not there if no sample was to be translated.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where ``X`` was a frame whose columns are all named by strings.

    See Also
    --------
    M2mClassifier : Translation while the classifier trains, as in the paper's experiments.
    sklimb.transforms.translate : The maths.

    Notes
    -----
    Samples come back in the order: X as it was, to the bit, then the new samples class by class.
    The start noise has an L2 norm of at most 0.5 per sample, in the units of `unit`. New samples
    stay within the range of each column, so that constant columns stay constant.

    References
    ----------
    .. [1] J. Kim, J. Jeong and J. Shin, "M2m: Imbalanced Classification via Major-to-minor
       Translation", CVPR 2020, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import M2mSampler
    >>> X, y = make_classification(n_samples=200, weights=[0.9], random_state=0)
    >>> sampler = M2mSampler(random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> np.bincount(y), np.bincount(y_new)
    (array([180,  20]), array([180, 180]))
    >>> bool(sampler.acceptance_rate_ > 0.5)
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **ByClassOverSampler._parameter_constraints,
        **TRANSLATION_CONSTRAINTS,
        "unit": [StrOptions({"spread", "raw"})],
        "max_nnz": [*COUNT_OR_ZERO, None],
        "round_integers": ["boolean"],
        "target_estimator": "no_validation",
        "random_state": RANDOM_STATE,
        "device": DEVICE,
    }

    def __init__(
        self,
        *,
        sampling_strategy: float | str | Mapping[Any, int] | Callable[..., Any] = "auto",
        lam: float = 0.1,
        beta: float = 0.9,
        gamma: float = 0.9,
        step_size: float = 0.3,
        n_steps: int = 10,
        unit: str = "spread",
        max_nnz: int | None = None,
        round_integers: bool = True,
        source_estimator: Any = None,
        target_estimator: Any = None,
        random_state: Any = None,
        device: str = "cpu",
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.lam = lam
        self.beta = beta
        self.gamma = gamma
        self.step_size = step_size
        self.n_steps = n_steps
        self.unit = unit
        self.max_nnz = max_nnz
        self.round_integers = round_integers
        self.source_estimator = source_estimator
        self.target_estimator = target_estimator
        self.random_state = random_state
        self.device = device

    @overflow_named()
    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return X and y with new samples behind them.

        Parameters
        ----------
        X : array-like, pandas or polars frame or sparse matrix of shape (n_samples, n_features)
            Numbers, finite.
        y : array-like of shape (n_samples,)
            Labels; a series of pandas or polars, too.

        Returns
        -------
        X_resampled : as X, of shape (n_new, n_features)
            The old samples and the new ones, in the form and with the columns of X.
        y_resampled : as y, of shape (n_new,)
            Their labels.

        Raises
        ------
        TypeError
            If a column of a frame is categorical, or g or f is no network.
        ValueError
            If y has one class only, or X is not finite.
        """
        X, y = without_tensors(X, "X"), without_tensors(y, "y")
        self._is_integer = integer_columns(X)
        if not isinstance(self.round_integers, (bool, np.bool_)):  # as the checks of all others say
            raise ValueError(f"round_integers must be True or False, got {self.round_integers!r}.")
        if not self.round_integers:
            X = integers_as_floats(X, self._is_integer)
            self._is_integer = np.zeros_like(self._is_integer)
        try:
            return super().fit_resample(X, y)
        finally:
            del self._is_integer

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        check_source(self.source_estimator, "source_estimator")
        check_source(self.target_estimator, "target_estimator")
        for name in ("source_estimator_", "target_estimator_"):
            vars(self).pop(name, None)
        device = resolve_device(self.device)
        classes, y_encoded = np.unique(y, return_inverse=True)
        streams = Streams(self.random_state)
        rows = TableRows(X, np.broadcast_to(self._is_integer, X.shape[1]))
        n_new = [self.sampling_strategy_.get(label, 0) for label in classes]
        with torch_defaults():
            draws = draw_seeds(y_encoded, n_new, self.beta, streams.generator("transform", 0))
        self.translated_ = np.zeros(sum(n_new), dtype=bool)
        self.confidence_ = np.full(sum(n_new), np.nan)
        new = rows.take(draws.repeated)
        if draws.tried.any():
            new = self._translate(rows, y, classes, y_encoded, draws, streams, new, device)
        self.seed_indices_ = np.where(self.translated_, draws.seed, draws.repeated)
        self.seed_classes_ = y[self.seed_indices_]
        self.acceptance_rate_ = float(self.translated_.mean()) if sum(n_new) else np.nan
        return rows.followed_by(new), np.concatenate([y, classes[draws.target]])

    def _translate(
        self,
        rows: TableRows,
        y: np.ndarray,
        classes: np.ndarray,
        y_encoded: np.ndarray,
        draws: SeedDraws,
        streams: Streams,
        new: Any,
        device: str,
    ) -> Any:
        """Return the new samples with accepted translations in place of repeated ones."""
        size = chunk_size(rows.n_columns)
        tried = np.flatnonzero(draws.tried)
        changed, accepted = False, []
        with isolated_rng(threads=choose_threads(size, rows.n_columns), device=device):
            networks = []
            for number, name in enumerate(("source_estimator", "target_estimator")):
                if number == 1 and not self.lam:
                    networks.append(None)  # f is not asked
                    continue
                source = getattr(self, name)
                if source is None:
                    source = _plain_network(device)
                if not is_fitted_source(source):
                    seed = streams.seed("source", number)
                    source = fit_source(source, rows.to_fit(), y, y_encoded, seed)
                setattr(self, name + "_", source)
                networks.append(score_network(source, classes, name, mean_scores=number == 1))
            translation = TableTranslation(
                rows,
                *networks,
                unit=self.unit,
                lam=self.lam,
                step_size=self.step_size,
                n_steps=self.n_steps,
                max_nnz=self.max_nnz,
                device=device,
                generator=torch.Generator().manual_seed(streams.seed("transform", 1)),
            )
            wanted = np.unique(draws.target[tried])
            unlearnt = set(wanted.tolist()) - translation.recognised(y_encoded, wanted)
            for start in range(0, len(tried), size):
                part = tried[start : start + size]
                seeds = rows.dense(draws.seed[part])
                moved, confidence = translation(
                    seeds, y_encoded[draws.seed[part]], draws.target[part]
                )
                changed = changed or bool((moved != seeds).any())
                self.confidence_[part] = confidence
                self.translated_[part] = confidence >= self.gamma
                accepted.append(rows.like_x(moved[confidence >= self.gamma]))
        if unlearnt:
            warn(
                f"g (source_estimator) recognises no training sample of the classes "
                f"{classes[sorted(unlearnt)].tolist()}, so it cannot say what to translate into. "
                "Train it longer (max_epochs, lr), or give another.",
            )
        if not self.translated_.any():
            self._warn_of_none(len(tried), rounded_off=not changed and bool(rows.is_integer.any()))
        return rows.replaced(new, np.flatnonzero(self.translated_), accepted)

    def _warn_of_none(self, n_tried: int, *, rounded_off: bool) -> None:
        why = (
            "Rounding the columns of integers undid every change; pass round_integers=False to get "
            "floats, or raise step_size."
            if rounded_off
            else f"None of {n_tried} translations reached a confidence of gamma={self.gamma:g}; "
            "raise step_size or n_steps, or lower gamma."
        )
        warn(f"{why} All new samples repeat old ones.")


def _plain_network(device: str) -> RebalancedClassifier:
    # float64: sparse and dense tables round otherwise, and training would blow that up
    dtype = "float64" if has_float64(device) else "float32"
    return RebalancedClassifier(module=MLP, module__dropout=0.0, dtype=dtype, device=device)
