"""Licence keys and tickets: how they are made, hashed, sealed and compared."""

import base64
import hmac
import secrets

from cryptography.fernet import Fernet

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no letter that reads as another: 25 symbols hold 125 bits
GROUPS, GROUP = 5, 5


def new_licence_key() -> str:
    """25 random symbols in groups of five: "7KQ2M-…"."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def regrouped(licence_key: str) -> str:
    """A key as it should have been written: capitals, in groups of five, without white space or other dashes."""
    symbols = "".join(one for one in licence_key.upper() if one.isalnum())
    return "-".join(symbols[start : start + GROUP] for start in range(0, len(symbols), GROUP))


def new_ticket() -> str:
    """128 random bits."""
    return secrets.token_hex(16)


class KeyRing:
    """Everything that SECRET_KEY protects."""

    def __init__(self, secret_key: str) -> None:
        self._hash_key = _derived(secret_key, b"licence key hash")
        self._sealer = Fernet(base64.urlsafe_b64encode(_derived(secret_key, b"licence key seal")))

    def hashed(self, licence_key: str) -> bytes:
        """The keyed hash that is stored. White space around a pasted key does not count."""
        return hmac.digest(self._hash_key, licence_key.strip().encode(), "sha256")

    def fits(self, licence_key: str, stored: bytes) -> bool:
        """Whether a key is the one stored, in constant time."""
        return hmac.compare_digest(self.hashed(licence_key), stored)

    def sealed(self, licence_key: str) -> bytes:
        """The key encrypted, to be shown again to those who may."""
        return self._sealer.encrypt(licence_key.encode())

    def opened(self, sealed: bytes) -> str:
        """The key that was sealed. Raises cryptography.fernet.InvalidToken when SECRET_KEY is another."""
        return self._sealer.decrypt(sealed).decode()


def _derived(secret_key: str, purpose: bytes) -> bytes:
    return hmac.digest(secret_key.encode(), b"deskbridge " + purpose, "sha256")
