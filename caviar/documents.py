"""A spec file as plain JSON values: YAML 1.2 or JSON, refused with the line where something is wrong.

YAML 1.2 rather than PyYAML's 1.1: there 1e-4 is a text, `no` is false and 010 is eight.
"""

import json
import math
import re
import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Any, NoReturn

import yaml

from caviar.errors import UsageError

_TAG = "tag:yaml.org,2002:"
_CORE_SCHEMA = (
    ("null", r"null|Null|NULL|~|", [*"nN~", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", [*"-+0123456789"]),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", [*"-+.0123456789"]),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", [*"-+."]),
    ("merge", r"<<", ["<"]),
)
"""Which plain text has which type, and the characters it can begin with; `<<` is 1.1's, but much used."""


class _CoreLoader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_whole_number(self, node: yaml.ScalarNode) -> int:
        return int(node.value, 0) if node.value[:2] in ("0x", "0o") else int(node.value)


for _type, _pattern, _beginnings in _CORE_SCHEMA:
    _CoreLoader.add_implicit_resolver(_TAG + _type, re.compile(f"^(?:{_pattern})$"), _beginnings)
_CoreLoader.add_constructor(_TAG + "int", _CoreLoader.construct_whole_number)


def read_document(path: str) -> dict[str, Any]:
    """The object in a file, or in stdin if `path` is `-`. Raises UsageError."""
    text = _read(path)
    is_json = path.endswith(".json") or (path == "-" and re.match(r"\s*\{\s*\"", text) is not None)
    source = "stdin" if path == "-" else path
    return parse_json(text, source=source) if is_json else parse_yaml(text, source=source)


def _read(path: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}") from error


def parse_yaml(text: str, *, source: str) -> dict[str, Any]:
    try:
        loader = _CoreLoader(text)
        node = loader.get_single_node()
        _check(node, source, above=())
        return dict(loader.construct_document(node))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse(source, mark.line if mark else 0, error.problem or "cannot be read")
    except yaml.reader.ReaderError as error:
        _refuse(source, text.count("\n", 0, error.position), f"the character {error.character:#04x} is not allowed")


def parse_json(text: str, *, source: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        _refuse(source, error.lineno - 1, error.msg.lower())
    # JSON that was read is YAML too once its tabs are spaces, and a YAML node knows its line.
    _check(yaml.compose(text.replace("\t", " "), Loader=_CoreLoader), source, above=())
    return dict(document)


def _check(node: yaml.Node | None, source: str, *, above: tuple[yaml.Node, ...]) -> None:
    """Refuse what JSON could not say, or says twice."""
    if not above and not isinstance(node, yaml.MappingNode):
        _refuse(source, 0, "must hold an object with the fields of a search spec, such as name: digits")
    if node in above:
        _refuse(source, above[-1].start_mark.line, "an alias stands inside the very thing it names")
    if isinstance(node, yaml.ScalarNode):
        _check_scalar(node, source)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check(item, source, above=(*above, node))
    elif isinstance(node, yaml.MappingNode):
        _check_names([name for name, _ in node.value], source)
        for _, value in node.value:
            _check(value, source, above=(*above, node))


def _check_names(names: list[yaml.Node], source: str) -> None:
    lines: dict[Hashable, int] = {}
    for name in names:
        line = name.start_mark.line
        if name.tag not in (_TAG + "str", _TAG + "merge"):
            _refuse(source, line, f"{name.value!r} is no name; a name is a text, in quotes if it looks like a number")
        if name.value in lines:
            _refuse(source, line, f"{name.value} stands here and in line {lines[name.value] + 1}")
        lines[name.value] = line


def _check_scalar(node: yaml.ScalarNode, source: str) -> None:
    is_name_of_number = node.style is None and node.value in ("NaN", "Infinity", "-Infinity")
    if is_name_of_number or (node.tag == _TAG + "float" and not _is_finite(node.value)):
        _refuse(source, node.start_mark.line, f"{node.value} is no finite number; a text stands in quotes")


def _is_finite(text: str) -> bool:
    return not text.lower().endswith((".inf", ".nan")) and math.isfinite(float(text))


def _refuse(source: str, line: int, reason: str) -> NoReturn:
    raise UsageError(f"{source}, line {line + 1}: {reason}")
