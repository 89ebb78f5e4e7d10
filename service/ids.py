"""Ids: opaque strings to everybody else, the keys of rows to us."""

LARGEST = 2**63 - 1
NEVER_GIVEN = -1
"""A key that no row has."""


def as_key(text: str) -> int:
    """The key an id stands for, NEVER_GIVEN for one that we never gave out."""
    is_ours = text.isascii() and text.isdigit() and len(text) <= 19
    number = int(text) if is_ours else NEVER_GIVEN
    return number if number <= LARGEST else NEVER_GIVEN
