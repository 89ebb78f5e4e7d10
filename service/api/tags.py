"""ETags: what a client has already is not sent again (RFC 9110, 13.1.2)."""


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Weak comparison (RFC 9110, 8.8.3.2): a proxy may have weakened the tag, or list several."""
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or tags == ["*"]
