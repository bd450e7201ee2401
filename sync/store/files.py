"""Which company file a company has: what answered beside what was expected, and what people decide about it.

Nothing here takes a file by itself: a person begins the sync, takes a moved file as the right one, or sends it away.
Every decision is in the audit log.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sync.protocol import files as protocol
from sync.protocol import sentences, turns
from sync.protocol.files import Answered, Expected, Fact
from sync.store import sessions as stored
from sync.store.base import connection, document, notify, transaction
from sync.store.companies import CompanyName
from sync.store.connectors import new_run, one_at_a_time
from sync.store.setup import audit, new_guid
from sync.store.steps import apply
from sync.store.writes import close_set

CALLS = 20  # of the log of calls

ASKED = """
    select co.id, co.name, co.region, co.begun_at, co.adopts_first, co.facts, co.facts_at, co.file_path, co.wrong_file,
        co.wrong_file_at, co.wrong_answer, last.connector, last.machine, coalesce(c.file_id, co.file_id) as file_id,
        coalesce(c.file_path, co.file_path) as expected_path
    from company co
    left join lateral (select s.connector, s.machine from session s join connector l on l.id = s.connector
        where s.company = co.id and s.machine <> '' and l.revoked_at is null order by s.id desc limit 1) last on true
    left join connector c on c.id = last.connector
    where co.id = $1 and co.removed_at is null
"""

BY_MARK = """
    select co.id, co.name from company co where co.removed_at is null and co.id <> $1 and (
        upper(co.file_id) = upper($2)
        or exists (select from connector c where c.company = co.id and c.revoked_at is null
            and upper(c.file_id) = upper($2)))
    order by co.id limit 1
"""

BY_PLACE = """
    select co.id, co.name, co.facts ->> 'company_name' as company_name, c.machine,
        coalesce(c.file_path, co.file_path) as path
    from company co join connector c on c.company = co.id and c.revoked_at is null
    where co.removed_at is null and co.id <> $1 and co.facts_at is not null and lower(c.machine) = lower($2)
    order by co.id
"""

CALLS_OF = """
    select s.opened_at, s.machine, s.address, s.error, s.result, s.asked, s.identified, s.ended_at, co.begun_at
    from session s join company co on co.id = s.company
    where s.company = $1 order by s.id desc limit $2
"""

FORGET_ANSWER = """
    update company set facts = null, facts_at = null, file_path = null, wrong_file = null, wrong_file_at = null,
        wrong_answer = null, adopts_first = false where id = $1
"""

FORGET_FILE = """
    update company set facts = null, facts_at = null, file_path = null, wrong_file = null, wrong_file_at = null,
        wrong_answer = null, adopts_first = false, begun_at = null, file_id = $2, refused = null, refused_at = null,
        went_back = null, went_back_at = null, holder = null, last_call_at = null,
        removed_at = case when $3 then now() else removed_at end
    where id = $1
"""

# what was approved was approved for the file that is let go of: another one must not get it unasked
LET_BE = """
    update change set state = case state when 'sent' then 'unknown' else 'refused' end,
        ended_at = case when state <> 'sent' then $2::timestamptz end,
        reason = case state when 'sent' then 'The company file was detached before QuickBooks had answered.'
            else 'The company file was detached before this was sent.' end
    where company = $1 and direction = 'out' and state in ('approved', 'waiting', 'sent')
"""

TAKE_FILE = """
    update company set wrong_file = null, wrong_file_at = null, wrong_answer = null, file_id = $2::text,
        file_path = case when $3 then $4 else file_path end, facts_at = now(),
        facts = coalesce(facts, '{}'::jsonb) || jsonb_build_object('company_name', $5::text, 'file_id', $2::text,
            'product', $6::text, 'release', $7::text, 'country', $8::text)
    where id = $1
"""

READ_AGAIN = """
    insert into entity_state (company, entity)
    select distinct company, entity from record where company = $1 and deleted_at is null
    on conflict (company, entity) do nothing
"""


@dataclass(frozen=True, slots=True)
class FirstCall:
    """One call of a Web Connector, as the set-up page lists it."""

    at: datetime
    machine: str
    address: str
    sentence: str
    normal: bool  # nothing to worry about, although it did not get far


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What answered beside what was expected."""

    rows: list[Fact]
    connector: int | None  # that the file answered through
    machine: str
    at: datetime | None
    matches: bool
    twin: CompanyName | None  # another company here that has this file
    calls: list[FirstCall]  # the latest first


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A company's file under a decision."""

    row: Any
    expected: Expected
    answered: Answered | None
    differing: frozenset[str]
    twin: CompanyName | None

    @property
    def twin_name(self) -> str:
        return self.twin.name if self.twin else ""


async def verification(company: int) -> Verification | None:
    """What answered, fact by fact; None for an unknown company."""
    async with connection() as found:
        asked = await _asked(found, company)
        if asked is None:
            return None
        calls = [_call(row) for row in await found.fetch(CALLS_OF, company, CALLS)]
    answered = asked.answered
    return Verification(
        rows=protocol.facts(asked.expected, answered, asked.differing),
        connector=answered.connector if answered else None,
        machine=answered.machine if answered else "",
        at=answered.at if answered else None,
        matches=answered is not None and not asked.differing and asked.twin is None,
        twin=asked.twin,
        calls=calls,
    )


async def _asked(found: Any, company: int) -> _Asked | None:
    row = await found.fetchrow(ASKED, company)
    if row is None:
        return None
    begun = row["begun_at"] is not None
    told, kept = document(row["wrong_answer"]), document(row["facts"]) or {}
    expected = Expected(
        name=row["name"],
        region=row["region"],
        file_id=row["file_id"],
        path=(row["expected_path"] or "") if begun else "",
        company_name=str(kept.get("company_name", "")) if begun else "",
    )
    answered = None
    if row["wrong_file_at"] and told:
        answered = protocol.answered_of(
            told, path=str(told.get("path", "")), at=row["wrong_file_at"], connector=told.get("connector")
        )
        expected = await _as_that_computer_has_it(found, expected, told.get("connector"))
    elif row["facts_at"]:
        path = row["expected_path"] or ""
        answered = protocol.answered_of(kept, path=path, at=row["facts_at"], connector=row["connector"])
    differing = frozenset(one["fact"] for one in document(row["wrong_file"]) or ())
    twin = await _twin(found, company, expected, answered) if answered else None
    return _Asked(row=row, expected=expected, answered=answered, differing=differing, twin=twin)


async def _as_that_computer_has_it(found: Any, expected: Expected, connector: int | None) -> Expected:
    """What is expected through the connector that brought the answer: its own mark and its own path."""
    row = await found.fetchrow("select file_id, file_path from connector where id = $1", connector)
    if row is None:
        return expected
    path = (row["file_path"] or expected.path) if expected.path else ""
    return Expected(
        name=expected.name,
        region=expected.region,
        file_id=row["file_id"],
        path=path,
        company_name=expected.company_name,
    )


async def _twin(found: Any, company: int, expected: Expected, answered: Answered) -> CompanyName | None:
    """Another company here that has the file: by its mark, or by computer, path and name."""
    if answered.file_id and answered.file_id.upper() != expected.file_id.upper():
        row = await found.fetchrow(BY_MARK, company, answered.file_id)
        return CompanyName(row["id"], row["name"]) if row else None
    for row in await found.fetch(BY_PLACE, company, answered.machine):
        if protocol.same_place(answered, row["machine"], row["path"] or "", row["company_name"] or ""):
            return CompanyName(row["id"], row["name"])
    return None


def _call(row: Any) -> FirstCall:
    refused = row["error"].lower().startswith("0x") and not row["asked"]
    early = row["begun_at"] is None or row["opened_at"] <= row["begun_at"]
    if row["ended_at"] is None:
        sentence = "In session now."
    else:
        sentence = row["result"] or row["error"] or "The session ended early."
    return FirstCall(row["opened_at"], row["machine"], row["address"], sentence, normal=bool(refused and early))


async def begin(company: int, actor: str, address: str) -> str | None:
    """Begin sync: this company with the file that answered. A sentence when it cannot.

    A company that had another file before reads everything again, and what is not in this file is gone.
    """
    now = datetime.now(UTC)
    async with transaction() as found:
        await one_at_a_time(found, company)
        asked = await _locked(found, company)
        if asked is None:
            return protocol.NO_COMPANY
        if asked.row["begun_at"] is not None:
            return None
        why_not = protocol.why_not_begin(asked.answered, asked.differing, asked.twin_name)
        if why_not:
            return why_not
        had_records = await found.fetchval("select exists (select from record where company = $1)", company)
        await found.execute("update company set begun_at = $2 where id = $1", company, now)
        if had_records:
            await found.execute(READ_AGAIN, company)
        alive = await found.fetchval(
            "select id from run where company = $1 and state in ('queued', 'running') limit 1", company
        )
        if alive is None:
            await new_run(found, company, "full" if had_records else "initial", actor, now)
        await _told(found, actor, "company.begun", company, asked, address)
    return None


async def adopt(company: int, actor: str, address: str) -> str | None:
    """Take the file that answered as the right one: it was moved, or its company renamed. A sentence when it cannot."""
    async with transaction() as found:
        asked = await _locked(found, company)
        if asked is None:
            return protocol.NO_COMPANY
        why_not = protocol.why_not_adopt(asked.expected, asked.answered, asked.differing, asked.twin_name)
        if why_not or asked.answered is None:
            return why_not
        await _take(found, company, asked, asked.expected.file_id)
        await _told(found, actor, "company.file_adopted", company, asked, address)
    return None


async def _take(found: Any, company: int, asked: _Asked, file_id: str) -> None:
    """The file that answered is the one from now on. A second computer may name it by a path of its own."""
    answered = asked.answered
    assert answered is not None
    first = await found.fetchval(
        "select file_path is not null or not exists (select from connector o where o.company = c.company "
        "and o.id <> c.id and o.file_path is not null) from connector c where c.id = $1",
        answered.connector,
    )
    await found.execute(
        TAKE_FILE,
        company,
        file_id,
        bool(first),
        answered.path,
        answered.company_name,
        answered.product,
        answered.release,
        answered.country,
    )
    await found.execute("update connector set file_path = $2 where id = $1", answered.connector, answered.path or None)


async def reject(company: int, actor: str, address: str) -> None:
    """This is the wrong file: forget what answered, before the sync was begun. Afterwards nothing changes."""
    async with transaction() as found:
        asked = await _locked(found, company)
        if asked is None or asked.row["begun_at"] is not None or asked.answered is None:
            return
        await found.execute(FORGET_ANSWER, company)
        await found.execute("update connector set file_path = null where company = $1", company)
        await _told(found, actor, "company.file_rejected", company, asked, address)


async def detach(company: int, actor: str, address: str) -> None:
    """Let go of the file: every connector is revoked, a sync that goes on ends, what was read stays to be looked at."""
    async with transaction() as found:
        await _let_go(found, company, actor, address, "company.detached", remove=False)


async def remove(company: int, actor: str, address: str) -> None:
    """Detach a company and show it no longer."""
    async with transaction() as found:
        await _let_go(found, company, actor, address, "company.removed", remove=True)


async def _let_go(found: Any, company: int, actor: str, address: str, action: str, *, remove: bool) -> None:
    now = datetime.now(UTC)
    await one_at_a_time(found, company)
    for loaded in await stored.load_open(found, company):
        await apply(found, loaded, turns.end(loaded.session, sentences.DETACHED), now)
    asked = await _locked(found, company)
    if asked is None:
        return
    await found.execute(
        """update run set state = 'cancelled', ended_at = $2, reason = $3
           where company = $1 and state in ('queued', 'running')""",
        company,
        now,
        f"The company file was detached by {actor}.",
    )
    await found.execute(LET_BE, company, now)
    await close_set(found, company)
    await found.execute(FORGET_FILE, company, new_guid(), remove)
    await found.execute(
        """update connector set revoked_at = $2, revoked_by = $3, file_path = null
           where company = $1 and revoked_at is null""",
        company,
        now,
        actor[:254],
    )
    await found.execute("update entity_state set cursor = '', as_of = null, newest = '' where company = $1", company)
    await _told(found, actor, action, company, asked, address)


async def move_link(company: int, actor: str, address: str) -> str | None:
    """Take the file over from the other company here that has it, which is detached. A sentence when there is none."""
    async with transaction() as found:
        asked = await _asked(found, company)
        if asked is None:
            return protocol.NO_COMPANY
        if asked.twin is None or asked.answered is None:
            return "No other company here has the file that answered."
        if "country" in asked.differing:
            return protocol.why_not_adopt(asked.expected, asked.answered, asked.differing, "")
        for one in sorted((company, asked.twin.id)):
            await one_at_a_time(found, one)
        await _let_go(found, asked.twin.id, actor, address, "company.detached", remove=False)
        again = await _locked(found, company)
        if again is None or again.answered is None:
            return protocol.NO_COMPANY
        mark = asked.answered.file_id or asked.expected.file_id
        await _take(found, company, again, mark)
        await found.execute(
            "update connector set file_id = $2 where company = $1 and revoked_at is null", company, mark
        )
        await _told(found, actor, "company.link_moved", company, asked, address)
    return None


async def went_back_seen(company: int, actor: str, address: str) -> None:
    """Somebody has read that the file seems to have gone back in time."""
    async with transaction() as found:
        name = await found.fetchval(
            "update company set went_back = null where id = $1 and went_back is not null returning name", company
        )
        if name is not None:
            await audit(found, actor, "company.went_back_seen", company, name, address)
            await notify(found, "companies", f"company:{company}")


async def _locked(found: Any, company: int) -> _Asked | None:
    """The company's file, while nobody else decides about it."""
    await found.execute("select pg_advisory_xact_lock(5, $1)", company)
    return await _asked(found, company)


async def _told(found: Any, actor: str, action: str, company: int, asked: _Asked, address: str) -> None:
    """Note what was decided about which file, and wake the pages."""
    answered = asked.answered
    subject = f"{answered.company_name} {answered.path}".strip() if answered else ""
    await audit(found, actor, action, company, subject or asked.row["name"], address)
    await notify(found, "companies", f"company:{company}")
