"""A page as a person without JavaScript reads it: its text, its tables, its links."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from tests.service.api.calls import Api

_VOID = {"br", "hr", "img", "input", "link", "meta"}


@dataclass
class Page(HTMLParser):
    html: str
    texts: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self.feed(self.html)
        self.close()
        assert self._open == [], f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] = f"{self.rows[-1][-1]}{data}".strip()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def links(self) -> dict[str, str]:
        """By what they lead to; the last link's classes do not matter."""
        return {href: tag for tag, attrs in self.tags if tag == "a" and (href := attrs.get("href"))}


def read(api: Api, path: str, status: int = 200, /, **params: str) -> Page:
    return Page(api.ask("GET", path, status, params=params or None).text)
