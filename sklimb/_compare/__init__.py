"""Which method for my data: `sklimb.compare` and what the command `sklimb compare` stands on.

`comparing` takes the arguments, and `answering` goes from there to the result, through four rooms,
of which each knows only those before it:

- ``data``: what people bring. `reading` is its door for files: it puts together `files` (bytes,
  encoding) with `unpacking`, `syntax` (separator) with `header`, `parsing` (pandas), `deciding`
  (what the cells of a column are, by their `spelling`), `labels`, `times`, and `table_code`, the
  Python that does the same. `checking` is its door for labels and what else goes with the samples.
  `columns` records what each column is; `converting` (with `matching_numbers` and `matching_text`)
  reads a second table by it. `dtypes` and `preparing` take frames of every type, and `sanity` says
  which columns deserve a word.
- ``run``: `options` (checked), `methods` (the table of what is compared, each a `method`;
  `boosting` are the rivals), `problems` and `sets` (data with `splits`), `running` (tasks in
  parallel) and `scores` (with `costs`, where methods are ranked by these). `levels` are how
  closely methods are looked at, `rounds` which of them next (by `leads`, who is clearly behind),
  `racing` runs these until the budget is used up (`estimates`), and `store` keeps what is
  finished.
- ``decisions``: from predictions of samples that were not learnt from (`held_out`) to `thresholds`
  and costs that serve `aims`, what a `decision` gives (with `intervals`), and `calibration`;
  `redeciding` fits to all samples where smaller fits had decided.
- ``report``: `progress` while it runs; `standing` (what is shown of each method), `summary`
  (frames) and `collecting` make the `result`; that in words (`wording`, `deciding`), a picture
  (`picture`) and files (`page`, with its templates).

`arguments` are those of the command line.

`errors`, `phrases` (of errors and notes) and `snippet` (objects as Python) are for all rooms. What
a run alone needs (matplotlib, imbalanced-learn) is imported inside functions here and in `result`.
Nothing of all this is imported before it is asked for: the command has to be ready for Ctrl-C
before the seconds begin that pandas, scikit-learn and torch take.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sklimb._compare.errors import ComparisonInterrupted, InputError

if TYPE_CHECKING:
    from sklimb._compare.comparing import compare
    from sklimb._compare.report.result import Comparison

__all__ = ["Comparison", "ComparisonInterrupted", "InputError", "compare"]

_HOMES = {"Comparison": "report.result", "compare": "comparing"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found  # so that it is asked for once
    return found
