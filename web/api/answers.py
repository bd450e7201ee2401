"""What the API answers: the types of the document, and how rows of the store become them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from sync.protocol.writes import NEW
from sync.qbxml.arrange import ORDER
from sync.store.api_writes import ChangeRow
from sync.store.companies import CompanyRow
from sync.store.records import RecordDetail
from sync.store.runs import RunRow
from web.masking import masked_fields


class Company(Struct, kw_only=True):
    """One company file."""

    id: int
    name: str
    region: str
    state: str
    state_text: str
    last_sync_at: datetime | None
    to_approve: int
    failed: int


class Companies(Struct):
    """Every company of the team."""

    companies: list[Company]


class Record(Struct, kw_only=True):
    """One record. `fields` is as the team wants it, `quickbooks` as QuickBooks has it; texts by qbXML name."""

    id: int
    entity: str
    qb_id: str | None
    edit_sequence: str | None
    state: str
    deleted: bool
    updated_at: datetime
    fields: dict[str, Any]
    quickbooks: dict[str, Any] | None


class Records(Struct):
    """A page of records, in the order in which they changed. `next` is the cursor of the next one."""

    records: list[Record]
    next: str | None


class Change(Struct, kw_only=True):
    """One proposed difference and what became of it."""

    id: int
    entity: str
    record: int | None
    direction: str
    action: str
    state: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    conflict: list[dict[str, Any]] | None
    status_code: int | None
    status_message: str
    reason: str
    created_by: str
    created_at: datetime
    decided_by: str
    decided_at: datetime | None
    ended_at: datetime | None


class Changes(Struct):
    """A page of changes, newest first."""

    changes: list[Change]
    next: str | None


class Accepted(Struct, kw_only=True):
    """A write was taken. No change: the record says all of it already."""

    record: int
    change: Change | None


class Decided(Struct, kw_only=True):
    """How many changes a decision moved."""

    approved: int
    kept: int
    cleared: int
    skipped: int


class Run(Struct, kw_only=True):
    """One sync."""

    number: int
    kind: str
    state: str
    result: str
    asked_by: str
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None


class Runs(Struct):
    """Syncs, newest first."""

    runs: list[Run]
    next: str | None


def company(row: CompanyRow) -> Company:
    return Company(
        id=row.id,
        name=row.name,
        region=row.region,
        state=row.state,
        state_text=row.state_text,
        last_sync_at=row.last_sync_at,
        to_approve=row.to_approve,
        failed=row.failed,
    )


def record(row: RecordDetail, *, sees: bool) -> Record:
    """Return a record; to who may not see them, personal numbers are hidden."""
    is_new = row.qb_id.startswith(NEW)
    theirs = shown(row.quickbooks, row.entity, sees=sees)
    return Record(
        id=row.id,
        entity=row.entity,
        qb_id=None if is_new else row.qb_id,
        edit_sequence=row.edit_sequence or None,
        state="deleted" if row.deleted_at else "new" if is_new else "changed" if row.ours is not None else "same",
        deleted=row.deleted_at is not None,
        updated_at=row.updated_at,
        fields=theirs if row.ours is None else shown(row.ours, row.entity, sees=sees),
        quickbooks=None if is_new else theirs,
    )


def shown(fields: dict[str, Any], entity: str, *, sees: bool) -> dict[str, Any]:
    """Return a record's fields as another program gets them."""
    plain = {name: value for name, value in fields.items() if name != ORDER}
    return plain if sees else dict(masked_fields(plain, entity))


def change(row: ChangeRow, *, sees: bool) -> Change:
    """Return a change; to who may not see them, personal numbers are hidden."""
    before, after = (None if one is None else shown(one, row.entity, sees=sees) for one in (row.before, row.after))
    conflict = row.conflict if sees else None
    return Change(
        id=row.id,
        entity=row.entity,
        record=row.record,
        direction=row.direction,
        action=row.action,
        state=row.state,
        before=before,
        after=after,
        conflict=conflict,
        status_code=row.status_code,
        status_message=row.status_message,
        reason=row.reason,
        created_by=row.created_by,
        created_at=row.created_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        ended_at=row.ended_at,
    )


def runs(rows: Sequence[RunRow]) -> list[Run]:
    return [
        Run(
            number=row.number,
            kind=row.kind,
            state=row.state,
            result=row.result_text,
            asked_by=row.asked_by,
            asked_at=row.asked_at,
            began_at=row.began_at,
            ended_at=row.ended_at,
        )
        for row in rows
    ]
