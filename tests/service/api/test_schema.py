"""The served OpenAPI document, taken at its word: whatever one sends by it is answered as it promises."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from tests.processes import Processes
from tests.service.api.calls import Api

# Whether it is accepted is not asked: a schema cannot say all that makes a spec wrong, such as low above high.
PROMISES = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
SETTINGS = hypothesis.settings(
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


Operation = APIOperation[Any, Any, Any, Any]


@dataclass(frozen=True)
class Target:
    """A server of the test's own, which deletes and changes whatever it finds there."""

    api: Api
    operations: list[Operation]

    def call(self, *, examples: int) -> None:
        """Each operation with so many requests, half of them against the document and half about what exists."""
        for operation in self.operations:
            self._call(operation, examples)

    def _call(self, operation: Operation, examples: int) -> None:
        search = self.api.submit()
        existing = {"search": search, "trial": self.api.claim(search)[0]["id"]}
        right, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

        @hypothesis.settings(SETTINGS, max_examples=examples)
        @hypothesis.given(case=right | wrong, is_existing=st.booleans())
        def answers_as_promised(case: Case[Any], is_existing: bool) -> None:
            if is_existing:
                case.path_parameters = {name: existing.get(name, part) for name, part in case.path_parameters.items()}
            case.call_and_validate(checks=PROMISES, timeout=30)

        answers_as_promised()


@pytest.fixture
def target(store_url: str, processes: Processes) -> Iterator[Target]:
    with Api(processes.server(store_url).url) as api:
        # An event stream has no end that a reader of whole answers could wait for; test_events.py reads it.
        schema = schemathesis.openapi.from_url(f"{api.url}/openapi.json").exclude(path_regex="/events$")
        yield Target(api, [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)])


def test_every_answer_is_as_the_document_promises(target: Target) -> None:
    target.call(examples=25)


@pytest.mark.long
def test_many_more_answers_are_as_the_document_promises(target: Target) -> None:
    target.call(examples=200)
