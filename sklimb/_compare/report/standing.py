"""Which of all that was measured is shown of each method, and what may be ranked together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sklimb._compare.run.levels import Level
from sklimb._compare.run.rounds import Course, Round
from sklimb._compare.run.running import Outcome


@dataclass(frozen=True)
class Standing:
    """What is shown.

    Parameters
    ----------
    outcomes : list of Outcome
        Of each method those of one level, on the same splits as the others of its stage.
    stages : dict of str to int
        From a method to its stage, the position of its level.
    levels : list of Level
        All levels; for a stage that Ctrl-C cut its number of splits is what all have.
    """

    outcomes: list[Outcome]
    stages: dict[str, int]
    levels: list[Level]

    def words(self, stage: int) -> str:
        """Return how those of a stage were measured."""
        return self.levels[stage].words


def standing(course: Course, done: Sequence[Round]) -> Standing:
    """Return how the methods stand after some rounds.

    Parameters
    ----------
    course : Course
    done : sequence of Round
        Finished ones. A round that was cut is left out, for who has finished in it is chance;
        unless it is the first, of which the splits are taken that all methods have that began.

    Returns
    -------
    standing : Standing
    """
    levels = list(course.levels)
    if not done:
        return _cut(course, levels)
    outcomes, stages = [], {}
    for this in done:
        stage = levels.index(this.level)
        for method in this.methods:
            stages[method.name] = max(stage, stages.get(method.name, 0))
    for method in course.methods:
        if method.name in stages:
            keys = course.keys(levels[stages[method.name]], method)
            outcomes += [course.found[key] for key in keys]
    return Standing(course.judged(outcomes), stages, levels)


def _cut(course: Course, levels: list[Level]) -> Standing:
    level = levels[0]
    own = {
        method.name: {key[2:]: course.found[key] for key in keys if key in course.found}
        for method in course.methods
        for keys in [course.keys(level, method)]
    }
    places = [place for found in own.values() for place in found]
    if not places:
        return Standing([], {}, levels)
    # What most have, which is the first split as a rule; then what all of these have.
    most = max(dict.fromkeys(places), key=places.count)
    begun = {name: found for name, found in own.items() if most in found}
    shared = set.intersection(*(set(found) for found in begun.values()))
    outcomes = [o for found in begun.values() for place, o in found.items() if place in shared]
    levels[0] = Level(len(shared), level.tuned, level.rows)
    return Standing(course.judged(outcomes), dict.fromkeys(begun, 0), levels)
