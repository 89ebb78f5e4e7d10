"""Lease tokens."""

from service.tokens import claim_key_hash, lease_token, token_hash


def test_the_same_claim_gives_the_same_token_and_any_other_another() -> None:
    token = lease_token("key", 31, 1)
    assert lease_token("key", 31, 1) == token
    others = [("yek", 31, 1), ("key", 32, 1), ("key", 31, 2), ("key", 3, 11), ("key\x0031", 1, 1)]
    assert len({token, *(lease_token(*other) for other in others)}) == 6


def test_a_token_never_changes_between_releases() -> None:
    """Or a server that was upgraded would give another token to a repeated claim."""
    assert lease_token("key", 31, 1) == "422e5229bd5b0fe6a3be5eaefa7f22cde8ff83464a4d130da751ee9b4700166f"


def test_what_is_stored_reveals_neither_key_nor_token() -> None:
    token = lease_token("key", 31, 1)
    assert len(token_hash(token)) == len(claim_key_hash("key")) == 32
    assert token_hash(token).hex() != token
    assert claim_key_hash("key").hex() != token
