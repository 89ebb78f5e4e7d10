"""A spec as it is typed: its YAML read, its mistakes named, and what its first trials would be."""

from contextlib import suppress
from typing import Any

import yaml
from pydantic import ValidationError

from caviar.documents import parse_yaml
from caviar.errors import FieldError, InvalidRequest, InvalidSpec, UsageError
from caviar.spec import SearchSpec, explain
from service import searches
from service.context import Service

LARGEST = 30_000
"""Characters of YAML, which are read in half a second; a parameter takes about 60."""
DEEPEST = 20
"""Brackets within brackets: the time to read them rises with the cube of the depth."""
_SOURCE = "the spec"
_OPENING = (
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)


def check(service: Service, text: str) -> dict[str, Any]:
    """`spec` and `draws` of a good one, `problems` of a bad one, each with its field and, for YAML, its line."""
    try:
        document = _read(text)
        spec = SearchSpec.model_validate(document)
        return {"problems": [], "spec": spec.document(), "draws": searches.dry_run(service, spec)}
    except UsageError as error:
        return {"problems": [{"field": "", "detail": error.detail}]}
    except ValidationError as error:
        return {"problems": _told(explain(error.errors()))}
    except InvalidSpec as error:
        return {"problems": _told(error.errors) or [{"field": "", "detail": error.detail}]}


def _read(text: str) -> dict[str, Any]:
    """Raises UsageError; InvalidRequest for what is not even looked at."""
    if len(text) > LARGEST:
        raise InvalidRequest(f"a spec of more than {LARGEST} characters is not read here; use caviar submit")
    with suppress(yaml.YAMLError):  # parse_yaml says where
        _look_over(text)
    return parse_yaml(text, source=_SOURCE)


def _look_over(text: str) -> None:
    """Refuse the few lines that would keep a server busy for minutes."""
    depth = 0
    for token in yaml.scan(text):
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if isinstance(token, yaml.AliasToken):
            raise UsageError(f"{_SOURCE}: *aliases are not read here; write the value out")
        if depth > DEEPEST:
            raise UsageError(f"{_SOURCE}, line {token.start_mark.line + 1}: nested too deeply")


def _told(errors: Any) -> list[dict[str, str]]:
    found: list[FieldError] = list(errors)
    return [{"field": error.pointer.removeprefix("/").replace("/", "."), "detail": error.detail} for error in found]
