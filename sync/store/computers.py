"""The computers of a company: their connectors, licence keys and .qwc files, as people look after them.

Every change is in the audit log with who did it; no key is. What a calling Web Connector needs is in store.connectors.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken

from sync import qwc
from sync.keys import KeyRing, new_licence_key
from sync.protocol import admission, sentences, turns
from sync.protocol.admission import WRONG_KEYS, WRONG_KEYS_WINDOW, WrongKey
from sync.protocol.diagnosis import drifts
from sync.store import sessions, setup
from sync.store.base import fetch, notify, transaction
from sync.store.connectors import one_at_a_time
from sync.store.links import without_maker
from sync.store.setup import NewConnector, audit
from sync.store.steps import apply

log = logging.getLogger(__name__)

RETIRED = 20  # keys of a connector that are remembered after they have ended
NO_NAME = "a computer"

LIST = """
    select c.*, co.holder, coalesce(nullif(o.machine, ''), o.label) as other_name, oc.name as other_company,
        co.schedule_minutes, co.poll_seconds,
        (select max(l.since) from limits l where l.key like 'licence key ' || c.id || ' %' and l.tries >= $2
            and l.since > $3) as blocked_since
    from connector c
    join company co on co.id = c.company
    left join connector o on o.id = nullif(split_part(c.wrong_key_reason, ':', 2), '')::bigint
    left join company oc on oc.id = o.company
    where c.company = $1 order by c.revoked_at is not null, c.id
"""

LIVING = "select * from connector where id = $2 and company = $1 and revoked_at is null for update"

ROTATE = """
    update connector set key_hash = $2, key_sealed = $3, key_used_at = null, key_rotated_at = $4, old_key_hash = $5,
        retired_keys = (select coalesce(jsonb_agg(key), '[]') from (select key from jsonb_array_elements(
            retired_keys || $6::jsonb) with ordinality kept (key, nth) order by nth desc limit $7) last)
    where id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorRow:
    """One computer's link to a company."""

    id: int
    company: int
    label: str
    machine: str
    name: str  # the computer's own name, else what people call it
    user_name: str
    app_name: str
    owner_id: str
    file_id: str
    created_at: datetime
    downloaded_at: datetime | None
    issued_minutes: int | None  # schedule in the file as last downloaded
    issued_seconds: int | None
    key_used_at: datetime | None
    old_key_works: bool  # the key before this one still does, until this one is used
    key_rotated_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str
    last_called_at: datetime | None  # with a right key
    last_address: str
    client_version: str  # of its Web Connector, "" while it has not said
    file_path: str | None
    wrong_keys: int  # since the last right one
    wrong_key_at: datetime | None
    wrong_key_reason: str  # protocol.admission.WrongKey, "" for none
    wrong_key_before: str  # the reason of the last key that was looked at, while keys are blocked
    wrong_key_of: str  # whose key it was, where it was that of another connector: company and computer
    wrong_key_address: str
    blocked_until: datetime | None  # no key is looked at before
    call_gap: int | None  # seconds between two calls, smoothed
    expected_every: timedelta  # between two calls, as its file says
    every_min: str  # what the Web Connector's Every-Min box shows by that file: "15", or "Real Time"
    drifts: bool  # it calls much more or less often than its file says: Every-Min was changed
    part: str  # holder, standby or ""

    @property
    def wrong_key_sentence(self) -> str:
        """What the last wrong key that was looked at most likely was, and that none is looked at now."""
        reasons = filter(None, (self.wrong_key_before, self.wrong_key_reason))
        return " ".join(admission.wrong_key_sentence(each, self.wrong_key_of) for each in reasons)


@dataclass(frozen=True, slots=True)
class UnknownCallerRow:
    """A user name that no connector has, with which a Web Connector called within the last day."""

    user_name: str
    address: str
    tries: int
    first_at: datetime
    last_at: datetime


async def connectors_of(company: int) -> list[ConnectorRow]:
    """Every connector of a company, the living first."""
    now = datetime.now(UTC)
    return [_row(row) for row in await fetch(LIST, company, WRONG_KEYS, now - WRONG_KEYS_WINDOW)]


def _row(row: Any) -> ConnectorRow:
    values = dict(row)
    same = {name: values[name] for name in ConnectorRow.__dataclass_fields__ if name in values}
    reason = row["wrong_key_reason"].partition(":")[0]
    blocked = row["blocked_since"] + WRONG_KEYS_WINDOW if row["blocked_since"] else None
    minutes, seconds = _schedule(row)
    every = admission.every(minutes, seconds)
    return ConnectorRow(
        **same
        | {
            "name": row["machine"] or row["label"] or NO_NAME,
            "old_key_works": row["old_key_hash"] is not None and row["revoked_at"] is None,
            "wrong_key_reason": str(WrongKey.BLOCKED) if blocked else reason,
            "wrong_key_before": reason if blocked else "",
            "wrong_key_of": ", ".join(filter(None, (row["other_company"], row["other_name"]))),
            "blocked_until": blocked,
            "expected_every": every,
            "drifts": _drifts(row["call_gap"], every),
            "every_min": "Real Time" if seconds else str(minutes),  # Intuit's QBWC Programmer's Guide, "Scheduler"
            "part": _part(row),
        }
    )


def _drifts(seconds: int | None, every: timedelta) -> bool:
    """Whether Every-Min was changed, as far as gaps that are known to ten seconds tell."""
    return seconds is not None and every >= 2 * admission.SEEN and drifts(timedelta(seconds=seconds), every)


def _schedule(row: Any) -> tuple[int, int | None]:
    """The schedule in the file as last downloaded; of one that was not noted, that of the company."""
    if row["issued_minutes"] is None:
        return row["schedule_minutes"], row["poll_seconds"]
    return row["issued_minutes"], row["issued_seconds"]


def _part(row: Any) -> str:
    if row["revoked_at"] is not None or row["holder"] is None:
        return ""
    if row["holder"] == row["id"]:
        return "holder"
    return "standby" if row["last_called_at"] is not None else ""


async def companies_beside(company: int) -> list[str]:
    """Names of the other companies that a computer of this one carries too."""
    rows = await fetch(
        """select distinct co.name from connector c
           join connector o on o.machine = c.machine and o.company <> c.company and o.revoked_at is null
           join company co on co.id = o.company and co.removed_at is null
           where c.company = $1 and c.machine <> '' and c.revoked_at is null order by co.name""",
        company,
    )
    return [row["name"] for row in rows]


async def unknown_callers(now: datetime) -> list[UnknownCallerRow]:
    """User names that no connector has, which called within the last day, the latest first."""
    rows = await fetch(
        "select * from unknown_caller where last_at > $1 order by last_at desc", now - admission.UNKNOWN_KEPT
    )
    return [UnknownCallerRow(**dict(row)) for row in rows]


async def add_connector(company: int, label: str, keys: KeyRing, actor: str, address: str) -> NewConnector:
    """One more computer of a company, with a key of its own."""
    now = datetime.now(UTC)
    async with transaction() as connection:
        owner_id = await setup.owner_of_installation(connection)
        made = await setup.insert_connector(connection, company, owner_id, label.strip()[:80], keys, now)
        subject = label.strip() or made.user_name
        await _told(connection, actor, "connector.added", company, subject, address)
    return made


async def reveal_key(company: int, connector: int, keys: KeyRing, actor: str, address: str) -> str | None:
    """The licence key of a living connector. None too when SECRET_KEY is no longer the one it was sealed with."""
    async with transaction() as connection:
        row = await connection.fetchrow(LIVING, company, connector)
        if row is None:
            return None
        try:
            key = keys.opened(row["key_sealed"])
        except InvalidToken:
            log.warning("the licence key of connector %d was sealed with another SECRET_KEY", connector)
            return None
        await audit(connection, actor, "licence_key.shown", company, _name(row), address)
    return key


async def rotate_key(company: int, connector: int, keys: KeyRing, actor: str, address: str) -> str | None:
    """A new key. The one that the Web Connector has works until the new one was used; wrong keys are forgiven."""
    key = new_licence_key()
    async with transaction() as connection:
        row = await connection.fetchrow(LIVING, company, connector)
        if row is None:
            return None
        old, ended = _overlap(row)
        await connection.execute(
            ROTATE,
            connector,
            keys.hashed(key),
            keys.sealed(key),
            datetime.now(UTC),
            old,
            f'["{ended.hex()}"]' if ended else "[]",
            RETIRED,
        )
        await connection.execute("delete from limits where key like 'licence key ' || $1 || ' %'", str(connector))
        await _told(connection, actor, "licence_key.rotated", company, _name(row), address)
    return key


def _overlap(row: Any) -> tuple[bytes, bytes | None]:
    """The key that goes on working beside a new one, and the one that ends now.

    What the Web Connector has is the last key that was used; one that nobody has used yet is ended in its place.
    """
    current, old = row["key_hash"], row["old_key_hash"]
    if row["key_used_at"] is None and old is not None:
        return old, current
    return current, old


async def revoke(company: int, connector: int, actor: str, address: str) -> bool:
    """End a connector for good: its key answers nvu, a session of it that goes on ends. False when it has ended."""
    now = datetime.now(UTC)
    async with transaction() as connection:
        await one_at_a_time(connection, company)
        for loaded in await sessions.load_open(connection, company):
            if loaded.connector == connector:
                await apply(connection, loaded, turns.end(loaded.session, sentences.REVOKED), now)
        row = await connection.fetchrow(LIVING, company, connector)
        if row is None:
            return False
        await connection.execute(
            "update connector set revoked_at = $2, revoked_by = $3 where id = $1", connector, now, actor[:254]
        )
        await connection.execute("update company set holder = null where id = $1 and holder = $2", company, connector)
        await _told(connection, actor, "connector.revoked", company, _name(row), address)
    return True


async def new_pair(company: int, connector: int, actor: str, address: str) -> bool:
    """Another OwnerID and FileID for this connector alone: the way out of QBWC1039. Its file is downloaded again."""
    async with transaction() as connection:
        row = await connection.fetchrow(LIVING, company, connector)
        if row is None:
            return False
        await connection.execute(
            "update connector set owner_id = $2, file_id = $3 where id = $1",
            connector,
            setup.new_guid(),
            setup.new_guid(),
        )
        await _told(connection, actor, "connector.new_pair", company, _name(row), address)
    return True


async def take_qwc(company: int, connector: int, public_url: str, actor: str, address: str) -> tuple[str, bytes] | None:
    """The name and the bytes of a connector's .qwc file; the same bytes as long as the schedule is the same."""
    async with transaction() as connection:
        row = await connection.fetchrow(LIVING, company, connector)
        if row is None:
            return None
        text = await setup.issue(connection, connector, public_url)
        of = await connection.fetchval("select name from company where id = $1", company)
        await _told(connection, actor, "connector.downloaded", company, _name(row), address)
    return qwc.file_name(of, company, _name(row)), text


async def done_with(row: ConnectorRow) -> list[tuple[str, str, datetime]]:
    """Who last took its file and saw its key: action, name, when; oldest first."""
    rows = await fetch(
        """select action, who, at from (select distinct on (a.action) a.action, a.at, coalesce(u.name, a.actor) as who
           from audit_entry a left join users u on u.email = a.actor
           where a.company = $1 and a.subject = $2 and a.at >= $3
               and a.action in ('connector.downloaded', 'licence_key.shown')
           order by a.action, a.id desc) last order by at""",
        row.company,
        row.machine or row.label or row.user_name,
        row.created_at,
    )
    return [(found["action"], without_maker(found["who"]), found["at"]) for found in rows]


async def offered_qwc(row: ConnectorRow, company_name: str, public_url: str) -> tuple[str, bytes]:
    """The name and the bytes that `take_qwc` would give now; noted nowhere."""
    name = qwc.file_name(company_name, row.company, row.machine or row.label or row.user_name)
    return name, await setup.offer(row.id, public_url)


def _name(row: Any) -> str:
    """What tells one computer of a company from another."""
    name: str = row["machine"] or row["label"] or row["user_name"]
    return name


async def _told(connection: Any, actor: str, action: str, company: int, subject: str, address: str) -> None:
    await audit(connection, actor, action, company, subject, address)
    await notify(connection, "companies", f"company:{company}")
