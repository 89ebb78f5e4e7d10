"""The worker protocol's own kind of route: one JSON body in, one model out, and nothing between that the others need.

FastAPI declares these routes and documents them; a layer around it finds them by their path, and Pydantic reads the
request. Workers call them all day long, and dependencies, a second validation, a general encoder and the search among
all routes cost more than the queue itself.
"""

import json
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from caviar.errors import InvalidRequest
from service.api import problems
from service.api.parameters import seconds_to_wait
from service.context import Service


class DirectRoute(APIRoute):
    """Its endpoint takes `service` and `said`, the body, and maybe `request` and `wait`; it returns a model."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint: Callable[..., Coroutine[Any, Any, BaseModel]] = self.endpoint
        takes = frozenset(endpoint.__annotations__)
        body: type[BaseModel] = endpoint.__annotations__["said"]
        exclude_none = self.response_model_exclude_none

        async def handle(request: Request) -> Response:
            service: Service = request.app.state.service
            arguments: dict[str, Any] = {"service": service, "said": await _read(request, body)}
            if "request" in takes:
                arguments["request"] = request
            if "wait" in takes:
                arguments["wait"] = seconds_to_wait(request.headers.get("prefer"))
            answer = await endpoint(**arguments)
            content = answer.__pydantic_serializer__.to_json(answer, exclude_none=exclude_none)
            return Response(content, media_type="application/json")

        return handle


class Direct:
    """A layer around FastAPI that answers those of these routes which are DirectRoutes by itself."""

    def __init__(self, app: ASGIApp, *, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        found = [route for route in routes if isinstance(route, DirectRoute)]
        self._handlers = {route.path: (route, route.get_route_handler()) for route in found}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        if not is_post or (known := self._handlers.get(scope["path"])) is None:
            await self._app(scope, receive, send)
            return
        scope["route"], handle = known
        request = Request(scope, receive)
        try:
            response = await handle(request)
        except Exception as error:
            # The edge of a request: whatever it was, the worker gets an answer.
            response = problems.answer(request, error)
        await response(scope, receive, send)


async def _read(request: Request, model: type[BaseModel]) -> BaseModel:
    try:
        content = await request.body()
    except ClientDisconnect as error:
        raise InvalidRequest("the request ended before its body did") from error
    if not _is_json(request.headers.get("content-type", "")):
        raise RequestValidationError([], body=content)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        found = error.errors(include_url=False)
        if found[0]["type"] == "json_invalid" and (document := _patiently(content)) is not None:
            return _checked(model, document)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in found]) from error


def _patiently(content: bytes) -> Any:
    """Python's parser takes half of a surrogate pair, and goes deeper: one such item must not refuse the others."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _checked(model: type[BaseModel], document: Any) -> BaseModel:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in found]) from error


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
