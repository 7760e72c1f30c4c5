"""Which methods are measured next, and how precisely: successive halving over methods.

What a round does depends on the data, the seed and the results of the rounds before it, and not on
how long they took; a budget decides only whether the next round starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sklimb._compare.run.costs import with_costs
from sklimb._compare.run.leads import beyond_luck, not_clearly_behind, standings
from sklimb._compare.run.levels import Level
from sklimb._compare.run.method import SLOW, Method
from sklimb._compare.run.running import Key, Outcome
from sklimb._compare.run.scores import Scoring, direction
from sklimb._compare.run.splits import Split

# Methods that go on to the next level at least: more after one split, which shows no spread, and
# never the best one alone.
_LEAST_AFTER_ONE_SPLIT = 3
_LEAST = 2
# Slow methods that are tried at most.
_MOST_SLOW = 3


@dataclass(frozen=True)
class Round:
    """Methods that are brought to one level, side by side.

    Parameters
    ----------
    level : Level
    methods : tuple of Method
    """

    level: Level
    methods: tuple[Method, ...]

    @property
    def words(self) -> str:
        """What it does, in words."""
        n = len(self.methods)
        what = "1 method" if n == 1 else f"{n} methods"
        return f"{what} on {self.level.words}"


class Course:
    """The rounds of one comparison.

    Parameters
    ----------
    methods : sequence of Method
    levels : sequence of Level
        From the first look on, as `ladder` or `exhaustive` returns them.
    splits : sequence of Split
    y : ndarray of shape (n_samples,)
    scoring : Scoring
    asked_for : bool, default=False
        Whether the methods were named: then all of them are in the first round, and only those that
        are clearly behind are left there.
    """

    def __init__(
        self,
        methods: Sequence[Method],
        levels: Sequence[Level],
        splits: Sequence[Split],
        y: np.ndarray,
        scoring: Scoring,
        *,
        asked_for: bool = False,
    ):
        self.methods, self.levels, self.splits = list(methods), list(levels), list(splits)
        self.y, self.scoring, self.asked_for = y, scoring, asked_for
        self.found: dict[Key, Outcome] = {}

    def rounds(self) -> Iterator[Round]:
        """Yield the next round; what came of it has to be in `found` before the one after.

        Yields
        ------
        round : Round
        """
        first, *later = self.levels
        if not later:
            yield Round(first, tuple(sorted(self.methods, key=lambda m: m.turn)))
            return
        slow: list[Method] = []
        if self.asked_for:
            turns = [self.methods]
        else:
            slow = [m for m in self.methods if m.turn >= SLOW]
            turns = [[m for m in self.methods if m.turn == turn] for turn in range(1, SLOW)]
            if not any(turns):
                turns, slow = [slow], []
        for methods in turns:
            if methods:
                yield Round(first, tuple(methods))
        kept = self._kept([m for turn in turns for m in turn], first)
        # The slow ones start when the best of the others have been tuned, level by level.
        joining = next((k for k, level in enumerate(later) if level.tuned), len(later) - 1)
        for k, level in enumerate(later):
            if not kept:
                return
            yield Round(level, tuple(kept))
            kept = self._kept(kept, level)
            if k == joining and slow:
                yield Round(first, tuple(slow))
                climbing = self._joining(slow, first)
                for below in later[: k + 1]:
                    if climbing:
                        yield Round(below, tuple(climbing))
                        climbing = self._joining(climbing, below)
                kept = self._kept([*kept, *climbing], level)

    def at(self, level: Level, methods: Sequence[Method]) -> dict[str, list[Outcome]]:
        """Return the outcomes of the methods that have all of a level, without an error.

        Parameters
        ----------
        level : Level
        methods : sequence of Method

        Returns
        -------
        outcomes : dict of str to list of Outcome
            In the order of the splits.
        """
        whole = {}
        for method in methods:
            keys = self.keys(level, method)
            own = [self.found[key] for key in keys if key in self.found]
            if len(own) == len(keys) and not any(outcome.error for outcome in own):
                whole[method.name] = with_costs(own, self.splits, self.y, self.scoring)
        return whole

    def leader(self, level: Level) -> str | None:
        """Return the name of the method to use, by what has been found on a level.

        Parameters
        ----------
        level : Level

        Returns
        -------
        name : str or None
            That with the best mean, or a favourite that it is ahead of by no more than the luckiest
            of all methods may be (`luck`); None if no method has come to the level.
        """
        metric, there, means = self.scoring.metric, self.at(level, self.methods), {}
        for name, own in there.items():
            # A split without the class has no figure there.
            told = [value for o in own if (value := o.scores[metric]) == value]
            means[name] = direction(metric) * np.mean(told) if told else -np.inf
        best = max(means, key=means.get, default=None)
        favourites = {m.name for m in self.methods if m.favourite and m.name in there}
        if not favourites or best in favourites:
            return best
        ranked = self._ranking({n: there[n] for n in (best, *favourites)}, level)
        near = not_clearly_behind(ranked, self.luck())
        return next((name for name in near if name in favourites), best)

    def luck(self) -> float:
        """Return by how many standard errors a favourite may be behind and still be named.

        Returns
        -------
        errors : float
            The more methods are looked at, the further ahead the luckiest one is.
        """
        return beyond_luck(len(self.methods) - 1)

    def judged(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Return outcomes with what they cost, where that is ranked by.

        Parameters
        ----------
        outcomes : sequence of Outcome
            Of several methods and settings, each decided by its own.

        Returns
        -------
        outcomes : list of Outcome
        """
        alike: dict[tuple[str, str], list[Outcome]] = {}
        for outcome in outcomes:
            alike.setdefault((outcome.method, outcome.setting), []).append(outcome)
        return [
            outcome
            for own in alike.values()
            for outcome in with_costs(own, self.splits, self.y, self.scoring)
        ]

    def keys(self, level: Level, method: Method) -> list[Key]:
        """Return the keys of the tasks of a method on a level."""
        return [
            (method.name, level.setting, split.repeat, split.fold)
            for split in self.splits[: level.n_splits]
        ]

    def _standings(self, methods: Sequence[Method], level: Level) -> list[tuple[str, float, float]]:
        return self._ranking(self.at(level, methods), level)

    def _ranking(
        self, outcomes: dict[str, list[Outcome]], level: Level
    ) -> list[tuple[str, float, float]]:
        return standings(outcomes, self.splits[: level.n_splits], self.y, self.scoring)

    def _kept(self, methods: Sequence[Method], level: Level) -> list[Method]:
        """Return those that go on: not clearly behind, and half of them at most.

        A favourite goes on while it may be named, and from one split always: that shows no spread
        between splits, which on few rare samples is most of it.
        """
        ranked = self._standings(methods, level)
        near = not_clearly_behind(ranked)
        least = _LEAST if level.n_splits > 2 else _LEAST_AFTER_ONE_SPLIT
        n = max(least, len(near))
        if not self.asked_for:
            n = min(n, max(least, (len(ranked) + 1) // 2))
        names = [name for name, _, _ in ranked[:n]]
        possible = [name for name, behind, _ in ranked if behind == behind]
        if level.n_splits > 1:
            possible = not_clearly_behind(ranked, self.luck())
        favourites = [m.name for m in methods if m.favourite and m.name in possible]
        return _named(methods, [*names, *(name for name in favourites if name not in names)])

    def _joining(self, methods: Sequence[Method], level: Level) -> list[Method]:
        """Return those of the slow methods that may be better than the best of all there."""
        everyone = self._standings(self.methods, level)
        slow = {method.name for method in methods}
        names = [name for name in not_clearly_behind(everyone) if name in slow]
        return _named(methods, names[:_MOST_SLOW])


def _named(methods: Sequence[Method], names: Sequence[str]) -> list[Method]:
    by_name: Mapping[str, Method] = {method.name: method for method in methods}
    return [by_name[name] for name in names]
