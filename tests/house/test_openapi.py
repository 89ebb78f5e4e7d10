"""The OpenAPI document is checked in, is true, and shows an example of everything."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from service.openapi import document
from tests.house.tree import ROOT

OPENAPI = json.loads(document())
METHODS = ("get", "put", "post", "patch", "delete")


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in OPENAPI["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every request and response body, as (what it belongs to, its media type object)."""
    for call, operation in operations():
        parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for part, described in parts.items():
            for media_type, content in described.get("content", {}).items():
                yield f"{call} {part} {media_type}", content


def test_the_document_that_is_checked_in_is_the_servers() -> None:
    """After a change of the interface: make openapi."""
    assert json.loads((ROOT / "openapi.json").read_text()) == OPENAPI
    assert (ROOT / "openapi.json").read_text() == document()


@pytest.mark.parametrize(("body", "content"), [pytest.param(*found, id=found[0]) for found in bodies()])
def test_every_body_has_an_example(body: str, content: dict[str, Any]) -> None:
    schema = content.get("schema", {})
    model = OPENAPI["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    assert "example" in content or "examples" in content or "examples" in model, body


@pytest.mark.parametrize(("call", "operation"), [pytest.param(*found, id=found[0]) for found in operations()])
def test_every_call_is_described_and_tells_its_errors(call: str, operation: dict[str, Any]) -> None:
    assert operation.get("description") or operation.get("summary"), call
    promised = {status: set(answer.get("content", {})) for status, answer in operation["responses"].items()}
    for status, media_types in promised.items():
        if status.startswith(("4", "5")):
            assert media_types == {"application/problem+json"}, f"{call}: {status}"


def test_the_document_has_calls() -> None:
    assert {"POST /v1/searches", "POST /v1/trials:claim", "GET /v1/searches/{id}/leaderboard"} <= {
        call.replace("{search}", "{id}").replace("{search_id}", "{id}") for call, _ in operations()
    }
