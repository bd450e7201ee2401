"""Changes as people and programs make and decide them: proposed, approved, kept, cleared, sent again.

Every move is one compare-and-set with who and when: what somebody else has decided meanwhile stays as it is.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sync.protocol.changes import Action
from sync.store.base import notify, transaction
from sync.store.conflicts import mark_of, resolve_conflict
from sync.store.decisions import Counts, Decision, Dismissed, Filter, counts, decide, dismissed, undo_clear
from sync.store.looks import LookRow, clear_id, look_of, look_up
from sync.store.proposals import NoSuchRecord, Proposed, Wish, propose_within, tell
from sync.store.setup import ask_run, audit
from sync.store.unsynced import ignore, resync

__all__ = [
    "Counts", "Decision", "Dismissed", "Filter", "LookRow", "NoSuchRecord", "Proposed", "Wish", "approve", "clear_id",
    "counts", "decide", "dismissed", "ignore", "look_of", "look_up", "mark_of", "propose", "propose_within",
    "resolve_conflict", "resync", "undo_clear",
]  # fmt: skip


async def propose(
    company: int,
    entity: str,
    action: Action,
    wanted: Mapping[str, Any] | None,
    actor: str,
    record: int | None = None,
    *,
    address: str | None = None,
) -> int:
    """Propose to write a record into QuickBooks; return the change's id.

    `wanted` is the whole record as the team wants it, in the shape of its Ret; None for a deletion or a voiding. An
    earlier proposal for the record that has not left yet is replaced. It is approved at once where the kind's policy
    says so, and a conflict where QuickBooks has changed the same field since the team last agreed. With the address of
    who asks, the audit log tells of it. Raises NoSuchRecord.
    """
    async with transaction() as connection:
        wish = Wish(action, wanted, record)
        (proposed,) = await propose_within(connection, company, entity, [wish], actor, datetime.now(UTC))
        if address is not None:
            await tell(connection, company, entity, proposed, actor, address)
    if proposed.state == "approved":
        await ask_run(company, "incremental", actor)
    return proposed.id


async def approve(company: int, ids: Sequence[int] | None, actor: str, address: str = "") -> int:
    """Approve changes, all that wait for a decision where no ids are given; a sync is asked for. Returns how many."""
    now = datetime.now(UTC)
    async with transaction() as connection:
        status: str = await connection.execute(
            """update change set state = 'approved', decided_by = $3, decided_at = $4, reason = ''
               where company = $1 and direction = 'out' and ($2::bigint[] is null or id = any($2))
                   and state in ('proposed', 'kept')""",
            company,
            list(ids) if ids is not None else None,
            actor,
            now,
        )
        await notify(connection, "companies", f"company:{company}")
        count = int(status.rpartition(" ")[2])
        if count:
            await audit(connection, actor, "changes.decided", company, f"{count} approved", address)
    if count:
        await ask_run(company, "incremental", actor, address)
    return count
