"""How lambda1 and lambda2 of `OffsetDebiasedClassifier` were chosen.

The sets, the training parts and the folds are those of ``defaults.py``: a fifth of each set is
never looked at, and 3-fold stratified cross-validation on the rest gives the balanced accuracy of a
setting (of the first fold alone on the two sets of thousands of rows). First lambda2 is varied at
the middle lambda1, then lambda1 at the best lambda2, then lambda2 again at the best lambda1; beside
them stand the parts left out one by one, the paper's bare method and the baselines.

    python benchmarks/tuning/defaults_offset.py [--data-home ../shared/data] [--budget 720]

Resumable: what stands in ``results/tuning/defaults_offset.csv`` is not run again. ``--budget``
stops before the next setting once so many seconds are over.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.data import tuning_parts
from lib.records import machine
from lib.search import Search, arguments

from sklimb import OffsetDebiasedClassifier, RebalancedClassifier
from sklimb.backbones import MLP

FILE = "tuning/defaults_offset.csv"
LARGE = ("mammography", "phoneme")
LAMBDA1 = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
LAMBDA2 = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
START = {"lambda1": 0.1, "lambda2": 1.0}
# The network that these figures are of.
NET: dict = {"module": MLP, "max_epochs": 60}
BASELINES = {
    "plain": {},
    "re-weighting": {"class_weight": "balanced"},
    "logit adjustment": {"loss": "logit_adjusted"},
}
LEFT_OUT: dict[str, dict] = {
    "neither term": {"lambda1": 0.0, "lambda2": 0.0},
    "no prior in training": {"keep_prior": False},
    "nothing centred": {"centered": False},
    "the paper's bare method": {
        "lambda1": 1.0,
        "lambda2": 1.0,
        "keep_prior": False,
        "centered": False,
        "normalize_terms": False,
    },
    "UC only": {"offset": "uniform_only"},
    "empirical": {"offset": "empirical"},
    "zero": {"offset": "zero"},
}


def main() -> None:
    args = arguments(__doc__)
    search = Search(FILE, tuning_parts(args.data_home), LARGE, args.budget)
    best_of = partial(search.best, "offset", partial(OffsetDebiasedClassifier, **NET))
    for name, settings in BASELINES.items():
        search.run(name, RebalancedClassifier(**NET), settings)
    best = best_of("lambda2", LAMBDA2, START)
    best = best_of("lambda1", LAMBDA1, best)
    best = best_of("lambda2", LAMBDA2, best)
    for name, settings in LEFT_OUT.items():
        search.run(name, OffsetDebiasedClassifier(**NET), START | settings)
    print(machine())
    print("best:", best)


if __name__ == "__main__":
    main()
