"""Which method for my data: `sklimb.compare` and what the command `sklimb compare` stands on.

The way of a comparison: `problems` (data, checked by `checking` and `preparing`, cut by `splits`)
and `methods` (the table of what is compared) -> `running` (tasks in parallel, `scores`) ->
`summary` (frames) -> `result`, in words (`wording`), Python (`snippet`), a picture (`picture`) and
files (`page`).

The way of a file: `reading` (and `second`, for a test file) puts together `files` (bytes,
encoding), `syntax` (separator, header), `parsing` (pandas), `deciding` (what the cells of a column
are, by their `spelling`), `labels`, `times`, and `table_code`, the Python that does the same.
`columns` is the record of what each column is; `converting` (with `matching_numbers`) reads a
second table by it, from a file or a frame. `dtypes` takes frames of every type, and `sanity` says
which columns deserve a word.

Heavy imports (pandas, matplotlib, imbalanced-learn) happen inside functions, because
``import sklimb`` comes through here.
"""

from sklimb._compare.comparing import compare
from sklimb._compare.errors import ComparisonInterrupted, InputError
from sklimb._compare.report.result import Comparison

__all__ = ["Comparison", "ComparisonInterrupted", "InputError", "compare"]
