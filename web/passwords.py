"""Passwords: the rule that people read, hashing and checking with argon2id, off the event loop."""

import asyncio
import functools

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200
RULE = f"At least {SHORTEST} characters. Several words in a row are easy to remember and hard to guess."


HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)  # OWASP's choice


@functools.cache
def nobody() -> str:
    """Return the hash that is checked where there is none."""
    return HASHER.hash("nobody")


class Passwords:
    """Hashes and checks, two at a time: each takes 19 MB and some 40 ms of a core."""

    def __init__(self) -> None:
        self.turn = asyncio.Semaphore(2)
        nobody()  # now, so that the first check takes no longer than any other

    async def hash(self, password: str) -> str:
        async with self.turn:
            return await asyncio.to_thread(HASHER.hash, password)

    async def fits(self, password: str, hashed: str | None) -> bool:
        """Say whether it is the right password. Takes the same time where there is no hash, or an empty one."""
        async with self.turn:
            right = await asyncio.to_thread(self.check, password, hashed or nobody())
        return right and bool(hashed)

    def check(self, password: str, hashed: str) -> bool:
        try:
            return HASHER.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def fault_of(password: str) -> str | None:
    """Return what is wrong with a new password, in a sentence."""
    if len(password) < SHORTEST:
        return f"The password has {len(password)} characters; it needs at least {SHORTEST}."
    if len(password) > LONGEST:
        return f"The password has {len(password)} characters; it can have at most {LONGEST}."
    if len(set(password)) == 1:
        return "The password is one character over and over. Use several."
    return None
