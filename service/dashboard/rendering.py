"""Templates to HTML. Whatever a template prints is escaped; there is no way around it but its own markup."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from caviar import __version__
from service.dashboard import words
from service.dashboard.assets import url_of


def render(template: str, **given: Any) -> str:
    text: str = _environment().get_template(template).render(**given)
    return text


@cache
def _environment() -> Any:
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        number=words.number,
        count=words.count,
        duration=words.duration,
        moment=words.moment,
        ago=words.ago,
        percent=words.percent,
    )
    made.globals.update(asset=url_of, version=__version__, query=query)
    return made


def query(given: Mapping[str, Any], **changed: Any) -> str:
    """A link to the same page with other parameters; None leaves one out."""
    kept = {name: value for name, value in {**given, **changed}.items() if value not in (None, "", [])}
    return "?" + urlencode(kept, doseq=True)
