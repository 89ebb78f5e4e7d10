import json
from pathlib import Path

import pytest

from caviar.commands import gradcheck as command
from caviar.errors import CaviarError, InvalidSpec, UsageError
from trainer import gradcheck
from trainer.penalties import Penalty

SPEC = {
    "dataset": "breast_cancer",
    "metric": "dev_auc",
    "goal": "maximize",
    "space": {"layers": 1, "output": "sigmoid", "l2": {"low": 0.1, "high": 1}, "keep_prob": 0.8},
}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(SPEC))
    return path


def test_every_parameter_has_its_figure_and_the_whole_passes(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.gradcheck(str(spec))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["parameter", "w[1]", "w[2]", "beta[1]", "b[2]", "gamma[1]", "pass"]
    assert all(float(line.split()[1]) <= gradcheck.TOLERANCE for line in lines[1:-1])


def test_as_json_it_says_what_was_checked(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.gradcheck(str(spec), trial=3, as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert answer["passed"] is True
    assert answer["hyperparameters"]["keep_prob"] == 0.8
    assert answer["tolerance"] == gradcheck.TOLERANCE
    assert {"parameter", "difference", "with_course_step"} == set(answer["items"][0])


def test_a_wrong_gradient_fails_and_is_named(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Penalty, "add_gradient", lambda *given, **named: None)
    with pytest.raises(CaviarError, match=r"the gradient of w\[1\], w\[2\] differs by more than 1e-07"):
        command.gradcheck(str(spec))
    assert capsys.readouterr().out.endswith("fail\n")


def test_a_spec_that_cannot_be_trained_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(SPEC | {"metric": "dev_r2"}))
    with pytest.raises(InvalidSpec, match="does not report 'dev_r2'"):
        command.gradcheck(str(path))
    path.write_text(json.dumps(SPEC | {"trainer": "own", "metric": "x"}))
    with pytest.raises(UsageError, match="only gradients of the trainer mlp can be checked"):
        command.gradcheck(str(path))
