"""Files and headers: cached for ever, compressed, and a policy that lets nothing else run."""

import gzip
import re

import httpx
import pytest

from tests.service.api.calls import Api


@pytest.fixture(scope="module")
def urls(api: Api) -> list[str]:
    return re.findall(r'(?:src|href)="(/static/[^"]+)"', api.ask("GET", "/").text)


def test_what_a_page_loads_is_kept_for_ever_under_a_name_that_changes_with_it(api: Api, urls: list[str]) -> None:
    assert {url.rpartition("/")[2] for url in urls} == {"icon.svg", "style.css", "app.js"}
    for url in urls:
        answer = api.ask("GET", url)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_another_version_gives_the_newest_and_is_not_kept(api: Api, urls: list[str]) -> None:
    old = re.sub(r"/static/\w+/", "/static/0000/", urls[0])
    answer = api.ask("GET", old)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.content == api.ask("GET", urls[0]).content


def test_a_client_that_knows_no_gzip_gets_the_same_bytes(api: Api, urls: list[str]) -> None:
    plain = api.ask("GET", urls[0], headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == api.ask("GET", urls[0]).content


def test_plotly_comes_from_its_wheel(api: Api) -> None:
    with httpx.stream("GET", f"{api.url}/static/any/plotly.min.js", trust_env=False) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert b"plotly.js v" in gzip.decompress(packed)[:200]


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fpages.py", "..", "%2e%2e%2fassets.py", "templates"])
def test_no_name_leads_out_of_the_folder(api: Api, name: str) -> None:
    assert api.http.get(f"/static/x/{name}").status_code == 404


def test_a_page_allows_its_own_files_and_nothing_inline(api: Api) -> None:
    for path in ("/", "/new", "/workers", "/searches/99999"):
        headers = api.http.get(path).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe-inline" not in policy["style-src"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_a_page_is_small_before_charts(api: Api, urls: list[str]) -> None:
    search = api.finished([float(i) for i in range(60)], space={f"p{i}": {"low": 0.0, "high": 1.0} for i in range(12)})
    page = api.ask("GET", f"/searches/{search}")
    loaded = [page, *(api.ask("GET", url) for url in urls)]
    assert sum(int(answer.headers["content-length"]) for answer in loaded) < 200_000
