import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from caviar.documents import parse_json, parse_yaml, read_document
from caviar.errors import UsageError

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 0.0001),
        ("1.0e-4", 0.0001),
        ("-2E+3", -2000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("12", 12),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("true", True),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2026-11-20", "2026-11-20"),
        ("1_000", "1_000"),
        ("null", None),
        ("", None),
        ("'1e-4'", "1e-4"),
    ],
)
def test_plain_text_in_yaml_has_the_type_that_yaml_1_2_gives_it(text: str, value: object) -> None:
    read = parse_yaml(f"x: {text}", source="spec.yaml")["x"]

    assert read == value
    assert type(read) is type(value)


def test_json_is_read_with_its_tabs_and_surrogate_pairs() -> None:
    assert parse_json('{\t"a":1,"b":["\\ud83d\\ude00",1e-4]}', source="spec.json") == {"a": 1, "b": ["😀", 0.0001]}


def test_a_yaml_anchor_and_a_merge_key_spare_repetition() -> None:
    read = parse_yaml("a: &a {low: 1, high: 2}\nb: {<<: *a, high: 3}", source="spec.yaml")

    assert read["b"] == {"low": 1, "high": 3}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: a stands here and in line 1"),
        ("space:\n  x: {low: 1, low: 2}", "line 2: low stands here and in line 2"),
        ("a: [1, 2", "line 1: "),
        ("a: 1\n\tb: 2", "line 2: "),
        ("- a\n- b", "line 1: must hold an object"),
        ("", "line 1: must hold an object"),
        ("a: 1\n1: 2", "line 2: '1' is no name"),
        ("a: 1\nb: .inf", "line 2: .inf is no finite number"),
        ("a: 1\nb: 1e999", "line 2: 1e999 is no finite number"),
        ("a: NaN", "line 1: NaN is no finite number"),
        ("a: 1\nb: !!python/object:os.system {}", "line 2: "),
        ("a: 1\nb: \x07", "line 2: the character 0x07 is not allowed"),
        ("a: &a [1, *a]", "line 1: an alias stands inside the very thing it names"),
        ("a: 1\n---\nb: 2", "line 2: "),
    ],
)
def test_a_yaml_mistake_is_refused_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_yaml(text, source="spec.yaml")

    assert caught.value.detail.startswith(f"spec.yaml, {reason}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1,\n "a": 2}', "line 2: a stands here and in line 1"),
        ('{"a": 1,\n}', "line 2: "),
        ('{"a": 1,\n "b": NaN}', "line 2: NaN is no finite number"),
        ('{"a": 1,\n "b": 1e999}', "line 2: 1e999 is no finite number"),
        ("[1, 2]", "line 1: must hold an object"),
    ],
)
def test_a_json_mistake_is_refused_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_json(text, source="spec.json")

    assert caught.value.detail.startswith(f"spec.json, {reason}")


def test_a_missing_file_a_folder_and_a_picture_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "picture.yaml").write_bytes(b"a: \xff")
    for name, reason in [("none.yaml", "No such file"), (".", "Is a directory"), ("picture.yaml", "not UTF-8")]:
        with pytest.raises(UsageError, match=reason):
            read_document(str(tmp_path / name))


@pytest.mark.parametrize("text", ['{"a": 1}', "{a: 1}", "a: 1"])
def test_a_dash_reads_stdin_in_either_format(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))

    assert read_document("-") == {"a": 1}


def test_the_demo_is_one_spec_in_both_formats() -> None:
    examples = REPOSITORY / "examples"

    assert read_document(str(examples / "digits.yaml")) == json.loads((examples / "digits.json").read_text())
    assert (examples / "digits.yaml").resolve() == REPOSITORY / "caviar" / "commands" / "demo.yaml"
