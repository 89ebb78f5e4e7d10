"""A search space as a whole: which parameters vary, which are active in a trial, which given values lie inside."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from caviar.errors import FieldError
from caviar.lattice import Lattice, lattice
from caviar.parameters import Choice, Kind, Range, Varying, key
from caviar.spelling import did_you_mean
from caviar.validation import pointer

Hyperparameters = dict[str, Any]


@dataclass(frozen=True)
class Space:
    """Raises nothing on construction: ask `problems()` first, the other methods rely on it being empty."""

    parameters: Mapping[str, Any]

    @cached_property
    def varying(self) -> dict[str, Varying]:
        return {name: p for name, p in self.parameters.items() if isinstance(p, Range | Choice)}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Every name, each after those its `when` asks about; names in a cycle are left out."""
        placed: list[str] = []
        waiting = {name: set(self.conditions(name)) for name in self.parameters}
        while ready := [name for name, asked in waiting.items() if asked.isdisjoint(waiting)]:
            placed.extend(ready)
            for name in ready:
                del waiting[name]
        return tuple(placed)

    def conditions(self, name: str) -> dict[str, list[Any]]:
        """The parameters that `name` depends on, each with the values one of which it must have."""
        return self._conditions[name]

    @cached_property
    def _conditions(self) -> dict[str, dict[str, list[Any]]]:
        asked: dict[str, dict[str, list[Any]]] = {}
        for name, parameter in self.parameters.items():
            when = parameter.when if isinstance(parameter, Range | Choice) else None
            asked[name] = {on: value if isinstance(value, list) else [value] for on, value in (when or {}).items()}
        return asked

    @cached_property
    def lattice(self) -> Lattice | None:
        """All points of a finite space; None where an active range is continuous (or conditions are past counting)."""
        axes = {name: self._axis(self.parameters[name]) for name in self.order}
        return lattice(axes, {name: asked for name in self.order if (asked := self.conditions(name))})

    @staticmethod
    def _axis(parameter: Any) -> Sequence[Any] | None:
        return parameter.in_order if isinstance(parameter, Range | Choice) else [parameter]

    @property
    def points(self) -> int | None:
        """How many different hyperparameters there are; None for more than can be counted."""
        return None if self.lattice is None else self.lattice.size

    def point_at(self, index: int) -> Hyperparameters:
        """Each index below `points` gives other hyperparameters. Raises IndexError; ValueError for infinite spaces."""
        if self.lattice is None:
            raise ValueError("the points of this space cannot be counted")
        return self._in_order(self.lattice.point_at(index))

    def key(self, hparams: Mapping[str, Any]) -> Hashable:
        """Equal for hyperparameters that are the same point."""
        ranges, choices = self._names
        # A round asks for hundreds: numbers are their own keys, and None stands for a parameter that is absent.
        return (
            tuple([hparams.get(name) for name in ranges]),
            tuple([key(hparams[name]) if name in hparams else None for name in choices]),
        )

    @cached_property
    def _names(self) -> tuple[list[str], list[str]]:
        """Of the ranges and of the choices."""
        ranges = [name for name, parameter in self.varying.items() if isinstance(parameter, Range)]
        return ranges, [name for name in self.varying if name not in ranges]

    def is_active(self, name: str, hparams: Mapping[str, Any]) -> bool:
        """Whether every parameter that `name` depends on is present with one of the wanted values."""
        return all(
            asked in hparams and key(hparams[asked]) in [key(value) for value in wanted]
            for asked, wanted in self.conditions(name).items()
        )

    def assemble(self, draw: Callable[[str, Varying], Any]) -> Hyperparameters:
        """Hyperparameters in the order of the spec; `draw` is asked once for each active varying parameter."""
        drawn: Hyperparameters = {}
        for name in self.order:
            parameter = self.parameters[name]
            if not isinstance(parameter, Range | Choice):
                drawn[name] = parameter
            elif self.is_active(name, drawn):
                drawn[name] = draw(name, parameter)
        return self._in_order(drawn)

    def _in_order(self, hparams: Mapping[str, Any]) -> Hyperparameters:
        return {name: hparams[name] for name in self.parameters if name in hparams}

    def problems(self) -> list[FieldError]:
        """What is wrong with the conditions, one sentence each."""
        found = [error for name in self.varying for error in self._condition_problems(name)]
        if not found and (cycle := set(self.parameters) - set(self.order)):
            names = ", ".join(sorted(cycle))
            found.append(
                FieldError(pointer(("space", min(cycle))), f"the conditions of {names} wait for one another in a cycle")
            )
        return found

    def _condition_problems(self, name: str) -> list[FieldError]:
        found = []
        for asked, wanted in self.conditions(name).items():
            where = pointer(("space", name, "when", asked))
            if asked not in self.parameters:
                hint = did_you_mean(asked, self.parameters)
                found.append(FieldError(where, f"when names {asked}, which is no parameter of this space; {hint}"))
            elif problem := self._unreachable(asked, wanted):
                found.append(FieldError(where, problem))
        return found

    def _unreachable(self, asked: str, wanted: list[Any]) -> str | None:
        parameter = self.parameters[asked]
        if isinstance(parameter, Range) and parameter.type is Kind.FLOAT:
            return f"{asked} is continuous; a condition needs an int, a choice or a constant"
        if not wanted:
            return f"{asked} is none of an empty list, so this would never be active"
        for value in wanted:
            if isinstance(parameter, Range | Choice):
                problem = parameter.problem_with(value)
            else:
                problem = None if key(value) == key(parameter) else f"it is always {parameter!r}, never {value!r}"
            if problem:
                return f"{asked} never takes that value: {problem}"
        return None

    def fit(self, given: Mapping[str, Any]) -> tuple[Hyperparameters, list[FieldError]]:
        """A user's own hyperparameters, constants filled in, and what is wrong with them."""
        errors: list[FieldError] = []

        def refuse(name: str, reason: str) -> None:
            errors.append(FieldError(pointer(("hyperparameters", name)), reason))

        def take(name: str, parameter: Varying) -> Any:
            if problem := parameter.problem_with(given[name]) if name in given else "is missing":
                refuse(name, problem)
                return given.get(name)
            return parameter.canonical(given[name])

        hparams = self.assemble(take)
        for name, value in given.items():
            if name not in self.parameters:
                refuse(name, f"is no parameter of this search; {did_you_mean(name, self.parameters)}")
            elif name in self.varying:
                if name not in hparams:
                    refuse(name, "is not active with these other values; leave it out")
            elif key(value) != key(self.parameters[name]):
                refuse(name, f"is always {self.parameters[name]!r} here")
        return hparams, errors
