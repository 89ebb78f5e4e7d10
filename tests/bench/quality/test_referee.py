"""A stopping rule in the bench decides as the server would."""

from collections.abc import Sequence

from bench.quality.ours import Round, Rounds, Sampler
from bench.quality.referee import Referee, Refereed
from caviar.parameters import Range
from caviar.space import Hyperparameters, Space
from caviar.spec import SamplerSpec
from service.samplers.interface import Result
from service.stopping.asha import Asha
from service.stopping.interface import WORST
from service.stopping.median import Median


def asked(numbers: range, seen: Sequence[int]) -> Round:
    return Round(numbers, [Result(number, {}, 0.0) for number in seen], [])


def begun(rule: Asha | Median | None, exempt: set[int] | None = None) -> Referee:
    """Trials 0 to 2 had scores 1, 2 and 3 at step 1, and 1 at step 3; trials 3 and 4 see the first three."""
    referee = Referee(rule, exempt=exempt or set())
    referee.begin(asked(range(3), []))
    for number, score in enumerate((1.0, 2.0, 3.0)):
        assert not referee.stops(number, 1, score)
        assert not referee.stops(number, 3, 1.0)
    referee.begin(asked(range(3, 5), range(3)))
    return referee


def test_a_trial_worse_than_the_cutoff_of_what_its_round_sees_is_stopped() -> None:
    referee = begun(Asha(eta=3, min_steps=1))
    assert not referee.stops(3, 1, 1.0)
    assert referee.stops(4, 1, 1.5)
    assert referee.stops(3, 3, WORST)


def test_cutoffs_do_not_change_while_a_round_runs() -> None:
    referee = begun(Asha(eta=3, min_steps=1))
    assert not referee.stops(3, 1, 0.5)
    assert not referee.stops(4, 1, 0.75)


def test_only_trials_whose_results_a_round_sees_make_its_cutoffs() -> None:
    referee = Referee(Asha(eta=2, min_steps=1), exempt=set())
    referee.begin(asked(range(4), []))
    for number, score in enumerate((9.0, 9.0, 1.0, 1.0)):
        referee.stops(number, 1, score)
    referee.begin(asked(range(4, 5), [0, 1]))
    referee.begin(asked(range(5, 6), range(4)))
    assert not referee.stops(4, 1, 5.0)
    assert referee.stops(5, 1, 5.0)


def test_between_rungs_nobody_is_stopped() -> None:
    referee = begun(Asha(eta=3, min_steps=1))
    referee.stops(3, 1, 1.0)
    assert not referee.stops(3, 2, 99.0)
    assert referee.stops(3, 3, 99.0)


def test_the_median_rule_judges_the_best_so_far() -> None:
    referee = begun(Median(min_steps=1, min_trials=3))
    assert not referee.stops(3, 1, 2.0)
    assert referee.stops(4, 1, 2.5)
    assert referee.stops(3, 3, 5.0)


def test_an_exempt_trial_is_not_stopped_and_sets_no_measure() -> None:
    referee = begun(Asha(eta=3, min_steps=1), exempt={3})
    assert not referee.stops(3, 1, 99.0)
    referee.begin(asked(range(5, 6), [3]))
    assert not referee.stops(5, 1, 99.0)


def test_without_a_rule_nobody_is_stopped() -> None:
    assert not begun(None).stops(4, 1, 99.0)


def test_the_confirmations_of_a_zoom_become_exempt() -> None:
    sampler = Sampler(Space({"x": Range(low=0.0, high=1.0)}), SamplerSpec(), 0, 40)
    rounds = Rounds(Refereed(sampler, Referee(None, exempt=sampler.confirming)), parallel=1, trials=40)
    points: list[Hyperparameters] = []
    while len(points) < 40:
        points.append(dict(rounds.ask() or {}))
        rounds.tell(len(points) - 1, abs(points[-1]["x"] - 0.3))
    assert sampler.confirming == {37, 38, 39}
    assert all(points[number] in points[:37] for number in sampler.confirming)
