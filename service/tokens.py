"""Lease tokens. The server keeps only hashes; a replayed claim computes the same tokens again from its claim key."""

import hashlib


def claim_key_hash(claim_key: str) -> bytes:
    return hashlib.sha256(claim_key.encode()).digest()


def lease_token(claim_key: str, trial: int, attempt: int) -> str:
    """The proof that its holder may speak for this attempt. Unguessable, because the claim key has 128 random bits."""
    return hashlib.sha256(f"{claim_key}\0{trial}\0{attempt}".encode()).hexdigest()


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
