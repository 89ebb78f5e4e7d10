"""Random parameters and spaces for the properties that hold of all of them."""

from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from caviar.parameters import Choice, Kind, Range
from caviar.scales import Scale
from caviar.space import Space
from caviar.spec import SearchSpec

positions = st.floats(0.0, 1.0, exclude_max=True)
"""u in [0, 1)."""
plain_values = (
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(-1e9, 1e9) | st.text("ab", max_size=3)
)
_BOUNDS = {
    Scale.LINEAR: st.floats(-1e9, 1e9),
    Scale.LOG: st.floats(1e-300, 1e300),
    Scale.REVERSE_LOG: st.floats(1e-6, 1 - 1e-9),
}


@st.composite
def float_ranges(draw: st.DrawFn) -> Range:
    """Wide enough for its ends to differ in more than the last digits."""
    scale = draw(st.sampled_from(Scale))
    low, high = sorted((draw(_BOUNDS[scale]), draw(_BOUNDS[scale])))
    assume(high - low > 1e-6 * max(abs(low), abs(high)) and (1 - low) - (1 - high) > 1e-6 * (1 - high))
    return Range(low=low, high=high, scale=scale)


@st.composite
def int_ranges(draw: st.DrawFn) -> Range:
    scale = draw(st.sampled_from([Scale.LINEAR, Scale.LOG]))
    low = draw(st.integers(1 if scale is Scale.LOG else -1000, 1000))
    return Range(low=low, high=low + draw(st.integers(1, 1000)), scale=scale, type=Kind.INT)


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    values = draw(
        st.lists(plain_values, min_size=1, max_size=8, unique_by=lambda value: (isinstance(value, bool), value))
    )
    return Choice(values=values, ordered=draw(st.none() | st.booleans()))


ranges = float_ranges() | int_ranges()
parameters = ranges | choices()


@st.composite
def few_levels(draw: st.DrawFn) -> Range | Choice:
    if draw(st.booleans()):
        return draw(choices().filter(lambda choice: choice.levels <= 4))
    low = draw(st.integers(-3, 3))
    return Range(low=low, high=low + draw(st.integers(1, 3)), type=Kind.INT)


@st.composite
def spaces(draw: st.DrawFn, parameters: st.SearchStrategy[Range | Choice] = parameters) -> Space:
    """Up to six names; each may depend on the choices and integers named before it."""
    found: dict[str, Range | Choice] = {}
    for name in "abcdef"[: draw(st.integers(1, 6))]:
        parameter = draw(parameters)
        discrete = [earlier for earlier, p in found.items() if p.levels is not None]
        if draw(st.booleans()) and discrete:
            asked = draw(st.sampled_from(discrete))
            wanted = [found[asked].value_at(u) for u in draw(st.lists(positions, min_size=1, max_size=3))]
            parameter = parameter.model_copy(update={"when": {asked: wanted}})
        found[name] = parameter
    shuffled = draw(st.permutations(sorted(found)))
    return Space({name: found[name] for name in shuffled})


def a_space(**parameters: Any) -> Space:
    """Of parameters as a spec writes them."""
    return SearchSpec.model_validate({"metric": "score", "goal": "minimize", "space": parameters}).domain
