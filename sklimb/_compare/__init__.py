"""Which method for my data: `sklimb.compare` and what the command `sklimb compare` stands on.

The way of a comparison: `problems` (data, checked by `checking` and `preparing`, cut by `splits`)
and `methods` (the table of what is compared) -> `running` (tasks in parallel, `scores`) ->
`summary` (frames) -> `result`, in words (`wording`), Python (`snippet`), a picture (`picture`) and
files (`page`). `reading` turns a CSV file into what `compare` takes.

Heavy imports (pandas, matplotlib, imbalanced-learn) happen inside functions, because
``import sklimb`` comes through here.
"""

from sklimb._compare.comparing import compare
from sklimb._compare.errors import ComparisonInterrupted, InputError
from sklimb._compare.result import Comparison

__all__ = ["Comparison", "ComparisonInterrupted", "InputError", "compare"]
