"""Errors on the wire: RFC 9457, application/problem+json."""

from pydantic import ConfigDict

from caviar.wire.model import Answer, example

MEDIA_TYPE = "application/problem+json"


class FieldProblem(Answer):
    pointer: str
    detail: str

    model_config = ConfigDict(
        json_schema_extra=example({"pointer": "/space/learning_rte", "detail": "did you mean learning_rate?"})
    )


class Problem(Answer):
    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] = []

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "code": "not_found",
                "detail": "there is no search 17; GET /v1/searches lists them",
                "errors": [],
            }
        )
    )
