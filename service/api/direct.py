"""The worker protocol's own kind of route: one JSON body in, one model out, and nothing between that the others need.

FastAPI declares these routes and documents them; the request itself is read by Pydantic and answered at once. Workers
call them all day long, and dependencies, a second validation and a general encoder cost more than the queue itself.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

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


async def _read(request: Request, model: type[BaseModel]) -> BaseModel:
    content = await request.body()
    if not _is_json(request.headers.get("content-type", "")):
        raise RequestValidationError([], body=content)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in found]) from error


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
