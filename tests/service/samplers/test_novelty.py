"""Points that nobody has tried come first, each once."""

from caviar.space import Hyperparameters
from service.samplers.interface import Result
from service.samplers.novelty import fresh, known
from tests.service.samplers.play import a_space, an_ask

FINITE = a_space(n={"low": 0, "high": 9, "type": "int"}, epochs=3)
INFINITE = a_space(x={"low": 0.0, "high": 1.0})


def at(*values: int) -> list[Hyperparameters]:
    return [{"n": value, "epochs": 3} for value in values]


def test_known_are_results_and_pending_points() -> None:
    ask = an_ask(FINITE, [Result(0, {"n": 4, "epochs": 3}, None)], pending=at(7))
    assert known(ask) == {FINITE.key(hparams) for hparams in at(4, 7)}


def test_the_first_unknown_candidates_are_taken_each_once() -> None:
    taken = {FINITE.key(hparams) for hparams in at(4, 7)}
    assert fresh(an_ask(FINITE), at(4, 5, 5, 7, 1, 2), 2, known=taken) == at(5, 1)


def test_a_finite_space_gives_what_the_candidates_lack() -> None:
    taken = {FINITE.key(hparams) for hparams in at(0, 1, 2, 3, 4)}
    found = fresh(an_ask(FINITE), at(1, 9), 5, known=taken)
    assert found[0] == {"n": 9, "epochs": 3}
    assert sorted(hparams["n"] for hparams in found) == [5, 6, 7, 8, 9]


def test_with_nothing_new_anywhere_candidates_come_again_rather_than_none() -> None:
    points: list[Hyperparameters] = [{"x": 0.25}, {"x": 0.5}]
    taken = {INFINITE.key(hparams) for hparams in points}
    assert fresh(an_ask(INFINITE), points, 1, known=taken) == points[:1]


def test_no_more_candidates_are_drawn_than_are_needed() -> None:
    drawn = iter(at(1, 2, 3, 4))
    assert fresh(an_ask(FINITE), drawn, 2, known=set()) == at(1, 2)
    assert len(list(drawn)) >= 1
