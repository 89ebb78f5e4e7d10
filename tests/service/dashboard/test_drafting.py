"""A spec that is checked as it is typed."""

from typing import Any

import pytest

from tests.service.api.calls import Api

GOOD = "trainer: toy\nmetric: loss\ngoal: minimize\nspace:\n  x: {low: 1e-4, high: 1.0, scale: log}\n  kind: toy\n"


def check(api: Api, text: str) -> Any:
    return api.ask("POST", "/new/check", content=text.encode(), headers={"Content-Type": "application/yaml"}).json()


def test_a_good_spec_is_answered_with_draws_and_with_what_to_submit(api: Api) -> None:
    found = check(api, GOOD)
    assert found["problems"] == []
    assert len(found["draws"]) == 5
    assert all(1e-4 <= draw["x"] <= 1 for draw in found["draws"])
    search = api.ask("POST", "/v1/searches", 201, json=found["spec"]).json()
    assert search["spec"]["space"]["x"]["scale"] == "log"


@pytest.mark.parametrize(
    ("text", "field", "word"),
    [
        (GOOD.replace("scale: log", "scale: lag"), "space.x.scale", "log"),
        (GOOD.replace("metric:", "metrik:"), "metric", "missing"),
        (GOOD + "trials: 0\n", "trials", "at least 1"),
        (GOOD + "  bad: [\n", "", "line"),
        ("just words", "", "line 1"),
        ("", "", "must hold an object"),
        (GOOD + "name: &a x\nnotes: *a\n", "", "aliases"),
        ("a: " + "[" * 5000, "", "nested too deeply"),
        (GOOD.replace("toy\nmetric", "mlp\nmetric"), "space", ""),
    ],
)
def test_a_bad_one_with_the_field_and_the_reason(api: Api, text: str, field: str, word: str) -> None:
    problems = check(api, text)["problems"]
    assert problems
    assert word in " ".join(problem["detail"] for problem in problems)
    assert any(problem["field"].startswith(field) for problem in problems)


def test_only_yaml_is_taken_so_that_no_form_of_another_site_can_ask(api: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = api.http.post("/new/check", content=GOOD, headers={"Content-Type": kind})
        assert answer.status_code == 422


def test_a_spec_that_is_too_long_is_not_read(api: Api) -> None:
    answer = api.http.post("/new/check", content="a: " + "b" * 200_000, headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 422
    assert "too long" in answer.text
