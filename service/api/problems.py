"""Errors as application/problem+json (RFC 9457). The one table from error class to HTTP status stands here."""

import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from caviar import errors
from caviar.errors import CaviarError, FieldError
from caviar.logs import FIELDS
from caviar.spec import explain
from caviar.validation import one_sentence, pointer, sentence
from caviar.wire.problems import MEDIA_TYPE, Problem

STATUS: dict[type[CaviarError], int] = {
    CaviarError: 500,
    errors.RequestError: 422,
    errors.InvalidSpec: 422,
    errors.InvalidRequest: 422,
    errors.IdempotencyMismatch: 422,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.ConflictError: 409,
    errors.SearchEnded: 409,
    errors.TrialEnded: 409,
    errors.BudgetUsed: 409,
    errors.RetryLater: 503,
    errors.Unavailable: 503,
    errors.ServerFault: 500,
}
RETRY_AFTER_SECONDS = 1
log = logging.getLogger("caviar.api")
_LOGGED = "_caviar_has_logged_it"


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route's OpenAPI entry promises, each with an example."""
    return {status: {"description": HTTPStatus(status).phrase, **_content(_first_leaf(status))} for status in statuses}


def _first_leaf(status: int) -> type[CaviarError]:
    return next(cls for cls, its in STATUS.items() if its == status and not cls.__subclasses__())


def _content(cls: type[CaviarError]) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    example = _problem(cls("one sentence that names the thing, the reason and the way out")).model_dump(mode="json")
    return {"content": {MEDIA_TYPE: {"schema": schema, "example": example}}}


def install(app: FastAPI) -> None:
    """Every error of every route leaves the server through these handlers."""
    app.add_exception_handler(CaviarError, _on_caviar_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_defect)
    logging.getLogger("uvicorn.error").addFilter(_is_news)


def respond(error: CaviarError) -> Response:
    problem = _problem(error)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if problem.status == 503 else {}
    # ASCII, because a sentence may quote half of a surrogate pair, which UTF-8 cannot say.
    body = json.dumps(problem.model_dump(mode="json"), ensure_ascii=True).encode()
    return Response(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def answer(request: Request, error: Exception) -> Response:
    """What a request that cannot be carried out is told."""
    if isinstance(error, CaviarError):
        return respond(error)
    if isinstance(error, RequestValidationError):
        return _invalid(request, error)
    return _defect(request, error)


def _problem(error: CaviarError) -> Problem:
    status = STATUS[type(error)]
    fields = [{"pointer": field.pointer, "detail": field.detail} for field in error.errors]
    return Problem.model_validate(
        {
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": error.code,
            "detail": error.detail,
            "errors": fields,
        }
    )


async def _on_caviar_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, CaviarError)
    return respond(error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _invalid(request, error)


def _invalid(request: Request, error: RequestValidationError) -> Response:
    if isinstance(error.body, bytes):
        return respond(errors.InvalidRequest("the body was not read; send JSON with Content-Type: application/json"))
    in_body = [{**e, "loc": e["loc"][1:]} for e in error.errors() if e["loc"][0] == "body"]
    if request.url.path.rstrip("/") == "/v1/searches" and in_body and in_body[0]["type"] != "json_invalid":
        fields: Sequence[FieldError] = explain(in_body)
        return respond(errors.InvalidSpec(one_sentence(fields), errors=fields))
    fields = [FieldError(pointer(e["loc"][1:]), sentence(e, ())) for e in error.errors()]
    if in_body and in_body[0]["type"] == "json_invalid":
        fields = [FieldError("", sentence(in_body[0], ()))]
    return respond(errors.InvalidRequest(one_sentence(fields), errors=fields))


async def _on_http_error(request: Request, error: Exception) -> Response:
    """What the router itself refuses."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return respond(errors.NotFound(f"there is nothing at {request.url.path}; /docs lists every call"))
    if error.status_code == 405:
        response = respond(
            errors.MethodNotAllowed(f"{request.method} is not possible at {request.url.path}; see /docs")
        )
        response.headers.update(error.headers or {})
        return response
    return respond(errors.InvalidRequest(f"the request could not be read: {error.detail}"))


async def _on_defect(request: Request, error: Exception) -> Response:
    return _defect(request, error)


def _defect(request: Request, error: Exception) -> Response:
    about = {name: value for name, value in request.path_params.items() if name in FIELDS}
    log.error("%s %s failed", request.method, request.url.path, exc_info=error, extra=about)
    setattr(error, _LOGGED, True)
    response = respond(errors.ServerFault("the server failed on this request; its log says why"))
    # As uvicorn will do after a defect: a client that is not told sends its next request into a closed connection.
    response.headers["Connection"] = "close"
    return response


def _is_news(record: logging.LogRecord) -> bool:
    """Whether uvicorn is about to log what is not in the log yet: a defect goes on to it after we have answered."""
    return record.exc_info is None or not hasattr(record.exc_info[1], _LOGGED)
