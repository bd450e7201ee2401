"""Commands on the data: companies, runs, records, migrations, the first person. For scripts they print JSON."""

import asyncio
import json
import secrets
from pathlib import Path
from typing import Literal

import click

from sync.keys import KeyRing
from sync.qbxml.entities import ENTITIES, ITEMS, TERMS
from sync.settings import Settings
from sync.smtp import is_email
from sync.store import companies, exports, people, resets, setup
from sync.store import records as stored
from sync.store.tokens import hash_of
from web.cli.common import company_of, now, with_database
from web.passwords import Passwords, fault_of

ACTOR = "command line"
UNIONS = {"Item": ITEMS, "Terms": TERMS}  # names under which QuickBooks knows several kinds


@click.group()
def company() -> None:
    """Companies: add one with its first connector, list them."""


@company.command("add", short_help="Add a company, write its connector file.")
@click.argument("name")
@click.option("--region", type=click.Choice(["US", "CA"]), required=True, help="Country of the QuickBooks product.")
@click.option("--begin", is_flag=True, help="The first file that answers is the right one, and is read at once.")
@click.option(
    "--qwc", "path", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where the .qwc goes."
)
def add(name: str, region: str, path: Path, *, begin: bool) -> None:
    """Add a company and its first connector; write the connector's .qwc file.

    Prints one JSON object with company, connector, user_name, licence_key and qwc.
    """
    name = name.strip()
    if not 0 < len(name) <= 120:
        raise click.ClickException("A company's name has 1 to 120 characters.")

    async def work(settings: Settings) -> dict[str, object]:
        made = await setup.add_company(name, region, begin=begin, keys=KeyRing(settings.secret_key), actor=ACTOR)
        file = await setup.qwc_file(made.connector, settings.public_url)
        await asyncio.to_thread(path.write_bytes, file)
        return {
            "company": made.company,
            "connector": made.connector,
            "user_name": made.user_name,
            "licence_key": made.licence_key,
            "qwc": str(path),
        }

    if not path.absolute().parent.is_dir():
        raise click.ClickException(f"There is no folder {path.absolute().parent} for the .qwc file.")
    click.echo(json.dumps(with_database(work)))


@company.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def list_companies(*, as_json: bool) -> None:
    """List every company with its connection state."""

    async def work(_: Settings) -> list[companies.CompanyRow]:
        return await companies.overview(now())

    rows = with_database(work)
    if as_json:
        click.echo(json.dumps([_described(row) for row in rows]))
        return
    if not rows:
        click.echo("No company yet. Add one: deskbridge company add NAME --region US --qwc FILE", err=True)
    for row in rows:
        click.echo(f"{row.id:>5}  {row.name:<40} {row.region}  {row.state_text}")


def _described(row: companies.CompanyRow) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "region": row.region,
        "file": row.file_name,
        "state": row.state,
        "text": row.state_text,
        "since": row.since.isoformat() if row.since else None,
        "percent": row.percent,
        "last_call_at": row.last_call_at.isoformat() if row.last_call_at else None,
        "last_sync_at": row.last_sync_at.isoformat() if row.last_sync_at else None,
        "computers": row.computers,
    }


@click.command(short_help="Queue a sync of a company.")
@click.argument("company")
@click.option("--full", is_flag=True, help="Read everything again, not only what changed.")
@click.option("--verify", is_flag=True, help="Compare everything with what is here, and change nothing.")
def sync(company: str, *, full: bool, verify: bool) -> None:
    """Queue a sync of COMPANY (id or name), or join the one that goes on. Prints JSON with its number."""

    async def work(_: Settings) -> int:
        kind = "verify" if verify else "full" if full else "incremental"
        return await setup.ask_run(await company_of(company), kind, ACTOR)

    click.echo(json.dumps({"sync": with_database(work)}))


@click.group()
def records() -> None:
    """Records of a company."""


@records.command("export", short_help="Print records as JSON lines.")
@click.option("--company", required=True, help="Id or name.")
@click.option(
    "--entity", required=True, help="Customer, Invoice, ItemService …; Item and Terms mean all kinds of them."
)
@click.option("--side", type=click.Choice(["quickbooks", "ours"]), default="quickbooks", show_default=True)
@click.option("--deleted", is_flag=True, help="Records that were deleted in QuickBooks too.")
def export(company: str, entity: str, side: Literal["quickbooks", "ours"], *, deleted: bool) -> None:
    """Print every record as a JSON line with entity, qb_id, edit_sequence, deleted and fields."""
    chosen = UNIONS.get(entity) or ((entity,) if entity in ENTITIES else None)
    if chosen is None:
        raise click.ClickException(
            f"No kind of record is called {entity!r}. There are: {', '.join([*UNIONS, *ENTITIES])}."
        )

    async def work(_: Settings) -> None:
        number = await company_of(company)
        for name in chosen:
            rows = 0
            async for row in stored.export(number, name, side, deleted=deleted):
                click.echo(json.dumps(row, ensure_ascii=False))
                rows += 1
            if rows or len(chosen) == 1:
                await exports.note(number, name, "json", rows, ACTOR)

    with_database(work)


@click.command("migrate")
def migrate() -> None:
    """Bring the database up to date."""

    async def work(_: Settings) -> None:
        click.echo("The database is up to date.", err=True)

    with_database(work)


@click.command("create-owner")
@click.option("--team", default="Deskbridge", show_default=True, help="The team's name.")
@click.option("--name", prompt=True)
@click.option("--email", prompt="E-mail")
@click.password_option(help="At least 10 characters; asked for when not given.")
def create_owner(team: str, name: str, email: str, password: str) -> None:
    """Create the team's first person. The first visit in the browser does the same."""
    wrong = fault_of(password) or (None if is_email(email.strip()) else f"{email!r} is no e-mail address.")
    if wrong:
        raise click.ClickException(wrong)

    async def work(_: Settings) -> bool:
        hashed = await Passwords().hash(password)
        address = email.strip().lower()
        return await people.create_owner(team=team, name=name, email=address, password_hash=hashed) is not None

    if not with_database(work):
        raise click.ClickException("There is an owner already.")
    click.echo(f"{name} is the owner.")


@click.command("reset-password", short_help="Print a link for a new password.")
@click.argument("email")
def reset_password(email: str) -> None:
    """Print a link with which the person of EMAIL chooses a new password: once, within an hour.

    For an owner who is locked out. A link that was made before opens nothing any more.
    """
    token, address = secrets.token_urlsafe(32), email.strip().lower()

    async def work(settings: Settings) -> str | None:
        made = await resets.make(hash_of(token), resets.BY_MAIL, now(), email=address, actor=ACTOR)
        return f"{settings.public_url}/reset/{token}" if made else None

    link = with_database(work)
    if link is None:
        raise click.ClickException(f"Nobody who may sign in with a password has the e-mail {address!r}.")
    click.echo(link)
