"""What went wrong in the data or the request, as opposed to in the program."""

from __future__ import annotations

from difflib import get_close_matches


class InputError(ValueError):
    """The data or an argument cannot be used; the message is one line that says why."""


class ComparisonInterrupted(KeyboardInterrupt):
    """Ctrl-C during a comparison; what had been finished is in ``comparison``.

    Attributes
    ----------
    comparison : Comparison
        The results of the finished splits; nothing has been refitted.
    """

    def __init__(self, comparison):
        super().__init__("interrupted; what is finished is in the attribute `comparison`")
        self.comparison = comparison

    def __reduce__(self):
        return type(self), (self.comparison,)


def nearest(name: str, known) -> str:
    """Return a half-sentence that names the known names most like `name`.

    Parameters
    ----------
    name : str
        What was asked for.
    known : iterable of str
        What there is.

    Returns
    -------
    hint : str
        ``"did you mean 'a' or 'b'?"``, or all the names where none is similar.

    Examples
    --------
    >>> nearest("smot", ["smote", "plain"])
    "did you mean 'smote'?"
    >>> nearest("x", ["smote", "plain"])
    "there are 'smote', 'plain'"
    """
    known = [str(k) for k in known]
    lowered = {k.lower(): k for k in known}
    close = [lowered[k] for k in get_close_matches(str(name).lower(), lowered, n=3, cutoff=0.5)]
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    shown = ", ".join(map(repr, known[:12]))
    return f"there are {shown}" + (f" and {len(known) - 12} more" if len(known) > 12 else "")
