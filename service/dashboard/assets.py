"""The files that pages load: our own modules and styles, and Plotly from its wheel.

A URL holds the hash of what it gives, so that a browser keeps it for ever; our modules share one hash, and so find one
another by relative paths. Compressed once, when first asked for, and kept in memory.
"""

import gzip
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from mimetypes import guess_type
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from caviar.errors import NotFound

router = APIRouter(include_in_schema=False)
_OWN = Path(__file__).parent / "static"
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
PLOTLY = "plotly.min.js"


@router.get("/static/{version}/{name}")
def read_asset(request: Request, version: str, name: str) -> Response:
    """The newest, whatever the version: a page that was opened before an update still finds what it names."""
    headers = _FOR_EVER if version == version_of(name) else {**_FOR_EVER, "Cache-Control": "no-cache"}
    # Looked up among the known names, so that no name leads out of the folders.
    media_type = {".js": "text/javascript"}.get(Path(name).suffix) or guess_type(name)[0]
    if accepts_gzip(request):
        headers = {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(_compressed(name), media_type=media_type, headers=headers)
    return Response(_file(name).read_bytes(), media_type=media_type, headers=headers)


@router.get("/favicon.ico")
def read_icon(request: Request) -> Response:
    return read_asset(request, version_of("icon.svg"), "icon.svg")


def accepts_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


def url_of(name: str) -> str:
    return f"/static/{version_of(name)}/{name}"


def version_of(name: str) -> str:
    """Raises NotFound."""
    _file(name)
    return _plotly_version() if name == PLOTLY else _own_version()


def _file(name: str) -> Path:
    path = _files().get(name)
    if path is None:
        raise NotFound(f"there is no file {name!r} among the pages' own")
    return path


@cache
def _files() -> dict[str, Path]:
    own = {path.name: path for path in sorted(_OWN.iterdir())}
    return {**own, PLOTLY: _plotly()}


def _plotly() -> Path:
    """Found and not imported: importing the package costs a server's start a second."""
    found = find_spec("plotly")
    assert found is not None
    return Path((found.submodule_search_locations or [""])[0]) / "package_data" / PLOTLY


@cache
def _own_version() -> str:
    return _hash(path.read_bytes() for name, path in _files().items() if name != PLOTLY)


@cache
def _plotly_version() -> str:
    """Of its head, which names the release, and its size: five megabytes need not be read to write a page."""
    with _plotly().open("rb") as file:
        return _hash([file.read(4096), str(_plotly().stat().st_size).encode()])


def _hash(parts: Iterator[bytes] | list[bytes]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()[:16]


@cache
def _compressed(name: str) -> bytes:
    return gzip.compress(_file(name).read_bytes(), compresslevel=6, mtime=0)
