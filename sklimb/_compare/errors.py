"""What went wrong in the data or the request, as opposed to in the program."""

from __future__ import annotations


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
