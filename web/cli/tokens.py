"""`deskbridge token`: tokens for other programs, made, listed, revoked."""

import json
from dataclasses import asdict
from datetime import datetime

import click

from sync.settings import Settings
from sync.store import tokens
from sync.store.people import ROLES
from web.cli.common import now, with_database

ACTOR = "command line"


@click.group()
def token() -> None:
    """Tokens with which other programs use the JSON API."""


@token.command("create", short_help="Make a token and print it, this once.")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the program may do.")
@click.option("--name", default="command line", show_default=True, help="What the audit log calls the program.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it works; without it until it is revoked.")
def create(role: str, name: str, days: int | None) -> None:
    """Make a token and print it. It cannot be shown again: only its hash is stored."""
    called = name.strip()
    if not 0 < len(called) <= 120 or not called.isprintable():
        raise click.ClickException("A token's name has 1 to 120 characters, on one line.")

    async def work(_: Settings) -> str:
        return (await tokens.make(called, role, days, ACTOR, now()))[1]

    click.echo(with_database(work))


@token.command("list")
def list_tokens() -> None:
    """Print every token as a JSON line, without its secret."""

    async def work(_: Settings) -> list[tokens.TokenRow]:
        return await tokens.listed()

    for row in with_database(work):
        plain = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(row).items()}
        click.echo(json.dumps(plain, ensure_ascii=False))


@token.command("revoke")
@click.argument("id", type=click.IntRange(1))
def revoke(id: int) -> None:
    """Let nobody in with the token of this ID any more. See: deskbridge token list"""

    async def work(_: Settings) -> bool:
        return await tokens.revoke(id, ACTOR, now())

    if not with_database(work):
        raise click.ClickException(f"There is no token {id} that works. See: deskbridge token list")
    click.echo(f"Token {id} no longer works.")
