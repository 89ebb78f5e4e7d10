"""The points of a finite space, numbered: how many there are, and each by its index, without listing them.

Names are placed one after another, each after those its condition asks about. What can follow a place depends only on
its *state*: which of the later names the values so far have ruled out. A point is a path through the states, and how
many paths leave a state is counted once, from the last place to the first: a space of billions of points costs no
more than one of ten, and points that differ only in a parameter that is not active are one.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from caviar.parameters import key

Axes = Mapping[str, Sequence[Any] | None]
"""Every value that a name can have, None for a continuum; in an order in which conditions come before what waits."""
Conditions = Mapping[str, Mapping[str, Sequence[Any]]]
"""For each name with a condition the names it asks about, each with the values of which it wants one."""
State = frozenset[str]

MOST_STATES = 5_000
"""Of all places together. Conditions that cross one another more than that are too many to follow."""


@dataclass(frozen=True)
class Branch:
    """Values of one name after which the same state follows; None where the name is left out."""

    values: Sequence[Any] | None
    state: State

    @property
    def width(self) -> int:
        return 1 if self.values is None else len(self.values)


Place = Mapping[State, Sequence[Branch]]


@dataclass(frozen=True)
class Lattice:
    """`below[i][state]` counts the ways on from that state before place i."""

    names: Sequence[str]
    places: Sequence[Place]
    below: Sequence[Mapping[State, int]]

    @property
    def size(self) -> int:
        return self.below[0][frozenset()]

    @property
    def widths(self) -> list[int]:
        """How many values each name has where it is active; 1 where it never is."""
        return [max(sum(branch.width for branch in branches) for branches in place.values()) for place in self.places]

    def point_at(self, index: int) -> dict[str, Any]:
        """The values of the active names. Each index from 0 to size - 1 gives another point; raises IndexError."""
        if not 0 <= index < self.size:
            raise IndexError(f"there is no point {index} among {self.size}")
        state: State = frozenset()
        point = {}
        for name, place, below in zip(self.names, self.places, self.below[1:], strict=True):
            for branch in place[state]:
                share = below[branch.state]
                if index < branch.width * share:
                    break
                index -= branch.width * share
            digit, index = divmod(index, share)
            state = branch.state
            if branch.values is not None:
                point[name] = branch.values[digit]
        return point


def lattice(axes: Axes, conditions: Conditions) -> Lattice | None:
    """None where an active name is a continuum, or where conditions cross one another too often to be followed."""
    names = _placed(list(axes), conditions)
    askers = _askers(conditions)
    places: list[Place] = []
    states: set[State] = {frozenset()}
    followed = 0
    for name in names:
        values = axes[name]
        if values is None and any(name not in state for state in states):
            return None
        places.append({state: list(_branches(name, values or (), state, askers.get(name, {}))) for state in states})
        states = {branch.state for branches in places[-1].values() for branch in branches}
        followed += len(states)
        if followed > MOST_STATES:
            return None
    return Lattice(names, places, _counted(places, states))


def _askers(conditions: Conditions) -> dict[str, dict[str, Sequence[Any]]]:
    """For each name that is asked about, who asks, and the values that it wants."""
    askers: dict[str, dict[str, Sequence[Any]]] = {}
    for name, asked_names in conditions.items():
        for asked, wanted in asked_names.items():
            askers.setdefault(asked, {})[name] = wanted
    return askers


def _branches(name: str, values: Sequence[Any], state: State, askers: Mapping[str, Sequence[Any]]) -> Iterator[Branch]:
    if name in state:
        yield Branch(None, (state - {name}).union(askers))
        return
    wanted = {asker: {key(value) for value in wanted} for asker, wanted in askers.items()}
    for group in _groups(values, wanted):
        first = key(group[0])
        yield Branch(group, state.union(asker for asker in askers if first not in wanted[asker]))


def _groups(values: Sequence[Any], wanted: Mapping[str, set[Hashable]]) -> Iterator[Sequence[Any]]:
    """The values in groups that nobody who asks can tell apart."""
    if isinstance(values, range):
        yield from _runs(values, set().union(*wanted.values()))
        return
    groups: dict[Hashable, list[Any]] = {}
    for value in values:
        groups.setdefault(tuple(key(value) in keys for keys in wanted.values()), []).append(value)
    yield from groups.values()


def _runs(values: range, wanted: set[Hashable]) -> Iterator[range]:
    """A range is cut at what is wanted, so that it is never listed."""
    starts = {0}
    for found in wanted:
        match found:
            case (False, int() | float() as value) if values[0] <= value <= values[-1]:
                at = values.index(int(value))
                starts |= {at, at + 1}
    cuts = sorted(starts | {len(values)})
    yield from (values[start:end] for start, end in pairwise(cuts))


def _counted(places: Sequence[Place], last: set[State]) -> list[Mapping[State, int]]:
    below: list[Mapping[State, int]] = [dict.fromkeys(last, 1)]
    for place in reversed(places):
        ahead = below[-1]
        below.append({s: sum(branch.width * ahead[branch.state] for branch in place[s]) for s in place})
    return below[::-1]


def _placed(names: Sequence[str], conditions: Conditions) -> list[str]:
    """Kin side by side, and each name as soon as it can be: then few names are ruled out at a time."""
    waits_for = {name: set(conditions.get(name, ())) for name in names}
    askers = _askers(conditions)
    placed: list[str] = []
    ready = [name for name in reversed(_by_kinship(names, conditions)) if not waits_for[name]]
    while ready:
        name = ready.pop()
        placed.append(name)
        for asker in askers.get(name, ()):
            waits_for[asker].discard(name)
            if not waits_for[asker]:
                ready.append(asker)
    return placed


def _by_kinship(names: Sequence[str], conditions: Conditions) -> list[str]:
    """Names that conditions connect, directly or not, in one run."""
    kin: dict[str, list[str]] = {name: list(conditions.get(name, ())) for name in names}
    for asked, askers in _askers(conditions).items():
        kin[asked].extend(askers)
    found: dict[str, None] = {}
    for name in names:
        near = [name]
        while near:
            nearest = near.pop()
            if nearest not in found:
                found[nearest] = None
                near.extend(kin[nearest])
    return list(found)
