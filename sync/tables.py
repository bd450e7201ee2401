"""Every table of the product: what one row is, and the unit or source of each column whose name does not say.

Written by `sync.store` alone; the indexes of more than one column stand in the migrations. Times are UTC with zone,
unless a comment says that they are QuickBooks' own strings.
"""

from piccolo.columns import (
    JSONB,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    Numeric,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.constraints import Unique
from piccolo.table import Table


class Workspace(Table):
    """The team that runs this installation. One row."""

    id = BigSerial(primary_key=True)
    name = Varchar(length=120)
    owner_id = Varchar(length=38)  # {GUID}: this installation as an application, OwnerID of each .qwc file
    created_at = Timestamptz(default=TimestamptzNow())
    enabled_at = Timestamptz(null=True, default=None)  # QuickBooks Desktop was switched on; None: it is off
    enabled_by = Varchar(length=254, default="")
    accounts_open = Boolean(default=True)  # whoever was not invited may create an account, which waits for a role


class User(Table, tablename="users"):
    """One person who may sign in."""

    id = BigSerial(primary_key=True)
    email = Varchar(length=254, unique=True)  # lower case
    name = Varchar(length=120)
    role = Varchar(length=20)  # owner, accounting_manager, member, viewer; waiting: none yet, an owner gives one
    password_hash = Varchar(length=200)  # argon2id; empty: signs in through the provider only
    created_at = Timestamptz(default=TimestamptzNow())
    last_seen_at = Timestamptz(null=True, default=None)
    disabled_at = Timestamptz(null=True, default=None)
    subject = Varchar(length=512, null=True, default=None, unique=True)  # at the sign-on provider: issuer, space, sub


class Invitation(Table):
    """A link that lets one more person into the team."""

    id = BigSerial(primary_key=True)
    token_hash = Bytea(unique=True)  # SHA-256 of the token in the link
    email = Varchar(length=254)  # lower case; whom it is for
    role = Varchar(length=20)
    created_by = Varchar(length=254)
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)


class PasswordReset(Table):
    """A link with which one person chooses a new password, once."""

    id = BigSerial(primary_key=True)
    user = ForeignKey(User, null=False)
    token_hash = Bytea(unique=True)  # SHA-256 of the token in the link
    created_by = Varchar(length=254)  # the person's own e-mail, an owner's, or "command line"
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)


class UserSession(Table):
    """One browser that is, or was, signed in."""

    id = BigSerial(primary_key=True)
    user = ForeignKey(User, null=False)
    token_hash = Bytea(unique=True)  # SHA-256 of the 32 random bytes in the cookie
    created_at = Timestamptz(default=TimestamptzNow())
    last_seen_at = Timestamptz(default=TimestamptzNow())  # once a minute at most
    expires_at = Timestamptz()
    address = Varchar(length=64)
    agent = Varchar(length=200)
    revoked_at = Timestamptz(null=True, default=None)


class AuditEntry(Table):
    """Who did what, when, from where. Rows are only ever added."""

    id = BigSerial(primary_key=True)
    at = Timestamptz(default=TimestamptzNow(), index=True)
    actor = Varchar(length=254)  # an e-mail address, or "command line", "Web Connector"
    action = Varchar(length=60)  # company.added, licence_key.shown, run.asked ...
    company = BigInt(null=True, default=None, index=True)
    subject = Varchar(length=200, default="")
    detail = JSONB(default="{}")
    address = Varchar(length=64, default="")


class Limit(Table, tablename="limits"):
    """How often something was tried within its window."""

    key = Varchar(length=200, primary_key=True)
    tries = Integer(default=0)
    since = Timestamptz(default=TimestamptzNow())


class Company(Table):
    """One QuickBooks company file, as this product knows it."""

    id = BigSerial(primary_key=True)
    name = Varchar(length=120)
    region = Varchar(length=2)  # US or CA
    file_id = Varchar(length=38)  # {GUID} that the Web Connector writes into the company file
    created_at = Timestamptz(default=TimestamptzNow())
    adopts_first = Boolean(default=False)  # the first file that answers is the right one
    begun_at = Timestamptz(null=True, default=None)  # a person said: sync this company with this file
    file_path = Text(null=True, default=None)  # as the Web Connector gave it, on the computer that answered first
    facts = JSONB(null=True, default=None)  # what the file last said of itself: see protocol.identity.FileFacts
    facts_at = Timestamptz(null=True, default=None)
    custom_fields = JSONB(null=True, default=None)  # list of {name, type, objects} of OwnerID 0; None: never asked
    wrong_file = JSONB(null=True, default=None)  # list of {fact, expected, answered}: why the last file was refused
    wrong_file_at = Timestamptz(null=True, default=None)
    wrong_answer = JSONB(null=True, default=None)  # what that file said of itself, with its path and the connector
    went_back = JSONB(null=True, default=None)  # why the file seems to be an older copy: entities, newest, run
    went_back_at = Timestamptz(null=True, default=None)
    paused_at = Timestamptz(null=True, default=None)
    paused_until = Timestamptz(null=True, default=None)  # None while paused: until somebody resumes
    paused_by = Varchar(length=254, default="")
    paused_why = Varchar(length=200, default="")
    time_zone = Varchar(length=40, default="")  # IANA name; empty: that of the server
    window_from = SmallInt(null=True, default=None)  # minutes after midnight there; None: syncs at any time
    window_until = SmallInt(null=True, default=None)  # before window_from: past midnight
    window_days = SmallInt(default=127)  # days on which the window opens: 1 Monday, 2 Tuesday, 4 Wednesday ...
    holder = BigInt(null=True, default=None)  # the connector that opened the last session: the others stand by
    prepared = JSONB(null=True, default=None)  # what was entered on the set-up page Prepare
    alert_to = JSONB(null=True, default=None)  # e-mail addresses; None: owners and accounting managers
    digest = Boolean(default=True)  # a mail each morning with what waits and what failed, when there is something
    digest_day = Date(null=True, default=None)  # the last morning that was looked at, there
    removed_at = Timestamptz(null=True, default=None)  # no longer shown, nor served
    schedule_minutes = Integer(default=15)  # between two syncs by schedule
    poll_seconds = Integer(null=True, default=None)  # the Web Connector calls this often; None: with the schedule
    page_rows = Integer(null=True, default=None)  # a fixed MaxReturned; None: adapted to QuickBooks' pace
    last_call_at = Timestamptz(null=True, default=None)
    last_sync_at = Timestamptz(null=True, default=None)  # end of the last complete run
    refused = JSONB(null=True, default=None)  # {hresult, message}: why QuickBooks did not open; None once it did
    refused_at = Timestamptz(null=True, default=None)


class Connector(Table):
    """One computer's link to one company: its own .qwc file, user name and licence key."""

    id = BigSerial(primary_key=True)
    company = ForeignKey(Company, null=False)
    label = Varchar(length=80, default="")  # what people call the computer, before it has told its name
    user_name = Varchar(length=40, unique=True)
    app_name = Varchar(length=120)
    owner_id = Varchar(length=38)
    file_id = Varchar(length=38)
    key_hash = Bytea()  # HMAC-SHA256 of the licence key, keyed from SECRET_KEY
    key_sealed = Bytea()  # the licence key, encrypted: it is shown again to those who may
    key_used_at = Timestamptz(null=True, default=None)  # first call with this key
    old_key_hash = Bytea(null=True, default=None)  # the key before it, which works until this one was used
    key_rotated_at = Timestamptz(null=True, default=None)
    retired_keys = JSONB(default="[]")  # hashes of keys that no longer work, in hex: a call with one says what is wrong
    created_at = Timestamptz(default=TimestamptzNow())
    downloaded_at = Timestamptz(null=True, default=None)  # its .qwc file, last
    issued_minutes = Integer(null=True, default=None)  # schedule in the file as last downloaded: Every-Min shows it
    issued_seconds = Integer(null=True, default=None)  # RunEveryNSeconds instead of it
    revoked_at = Timestamptz(null=True, default=None)
    revoked_by = Varchar(length=254, default="")
    machine = Varchar(length=64, default="")  # the computer's name, from AppLock
    file_path = Text(null=True, default=None)  # the company file as this computer names it
    client_version = Varchar(length=40, default="")  # of the Web Connector, as it last said
    last_called_at = Timestamptz(null=True, default=None)
    last_address = Varchar(length=64, default="")
    wrong_keys = Integer(default=0)  # since the last right one
    wrong_keys_since = Timestamptz(null=True, default=None)  # the first of them
    wrong_key_at = Timestamptz(null=True, default=None)
    wrong_key_reason = Varchar(length=20, default="")  # protocol.admission.WrongKey
    wrong_key_address = Varchar(length=64, default="")
    call_gap = Integer(null=True, default=None)  # seconds between two calls, smoothed


class UnknownCaller(Table):
    """A user name that no connector has, with which a Web Connector called. Kept for a day."""

    user_name = Varchar(length=40, primary_key=True)
    address = Varchar(length=64)
    tries = Integer(default=1)
    first_at = Timestamptz(default=TimestamptzNow())
    last_at = Timestamptz(default=TimestamptzNow())


class ContactHour(Table):
    """An hour in which Web Connectors of a company called, and how often."""

    id = BigSerial(primary_key=True)
    company = BigInt()
    hour = Timestamptz()  # its begin
    calls = Integer(default=1)
    contact_hour_once = Unique([company, hour])


class ContactNote(Table):
    """What a person says of a time without contact: "power cut"."""

    id = BigSerial(primary_key=True)
    company = BigInt()
    begin = Timestamptz()  # of the silence, as the page named it: its end was not known then, perhaps
    text = Varchar(length=200)
    written_by = Varchar(length=254)
    written_at = Timestamptz(default=TimestamptzNow())
    contact_note_once = Unique([company, begin])


class SetupLink(Table):
    """A link that opens the set-up of one company to somebody without an account."""

    id = BigSerial(primary_key=True)
    company = ForeignKey(Company, null=False)
    token_hash = Bytea(unique=True)  # SHA-256 of the token in the link, which is then in a cookie
    for_whom = Varchar(length=120)
    created_by = Varchar(length=254)
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz()
    revoked_at = Timestamptz(null=True, default=None)
    used_at = Timestamptz(null=True, default=None)  # last
    used_from = Varchar(length=64, default="")


class Incident(Table):
    """A time in which a company's connection needed somebody, and which states were told by mail."""

    id = BigSerial(primary_key=True)
    company = ForeignKey(Company, null=False)
    kinds = JSONB(default="[]")  # states told so far: late, not_active, refused, wrong_file
    began_at = Timestamptz(default=TimestamptzNow())
    ended_at = Timestamptz(null=True, default=None)
    good_since = Timestamptz(null=True, default=None)  # while it is open: the connection seems to be back
    told_at = Timestamptz(null=True, default=None)  # last
    mails = JSONB(default="[]")  # ids of the mails that told of it last


class Mail(Table):
    """One e-mail to be sent, or sent."""

    id = BigSerial(primary_key=True)
    company = BigInt(null=True, default=None)
    recipient = Varchar(length=254)
    subject = Varchar(length=200)
    body = Text()
    created_at = Timestamptz(default=TimestamptzNow())
    due_at = Timestamptz(default=TimestamptzNow(), index=True)  # the next try
    tries = SmallInt(default=0)
    sent_at = Timestamptz(null=True, default=None)
    given_up_at = Timestamptz(null=True, default=None)
    error = Text(default="")


class Export(Table):
    """Records that were given to another program or to a file: the hop after ours."""

    id = BigSerial(primary_key=True)
    company = ForeignKey(Company, null=False)
    entity = Varchar(length=40)
    form = Varchar(length=10)  # csv, json
    rows = Integer()
    at = Timestamptz(default=TimestamptzNow())
    taken_by = Varchar(length=254)


class Run(Table):
    """What was asked for: an initial, incremental, full or verify pass. It survives sessions."""

    id = BigSerial(primary_key=True)
    company = ForeignKey(Company, null=False)
    number = Integer()  # counts up within the company
    kind = Varchar(length=12)  # initial, incremental, full, verify
    state = Varchar(length=12)  # queued, running, complete, stopped, cancelled
    asked_by = Varchar(length=254)
    asked_at = Timestamptz(default=TimestamptzNow())
    began_at = Timestamptz(null=True, default=None)
    began_ticks = BigInt(null=True, default=None)  # the same moment by the QuickBooks computer's clock, from AppLock
    ended_at = Timestamptz(null=True, default=None)
    reason = Text(default="")  # why it stopped, in a sentence
    counts_asked = Integer(default=0)  # entities whose number of rows was asked for
    percent = SmallInt(default=0)
    rows_in = Integer(default=0)  # rows received and taken in
    rows_changed = Integer(default=0)  # rows that were new or different
    rows_deleted = Integer(default=0)
    failed = Integer(default=0)  # entities that could not be read
    sessions = Integer(default=0)
    machine = Varchar(length=64, default="")
    report = JSONB(null=True, default=None)  # of a verify run: {entity: {differing, missing, extra, samples}}


class Session(Table):
    """One conversation of the Web Connector with us, from authenticate to closeConnection."""

    id = BigSerial(primary_key=True)
    ticket = Varchar(length=40, unique=True)
    company = ForeignKey(Company, null=False)
    connector = ForeignKey(Connector, null=False)
    run = ForeignKey(Run, null=True, default=None)
    state = Varchar(length=12)  # protocol.session.State
    opened_at = Timestamptz(default=TimestamptzNow())
    called_at = Timestamptz(default=TimestamptzNow())
    ended_at = Timestamptz(null=True, default=None)
    asked = Integer(default=0)  # requests sent in this session
    percent = SmallInt(default=0)
    identified = Boolean(default=False)
    connection_errors = SmallInt(default=0)
    version = Varchar(length=8, default="")  # of qbXML, as agreed
    country = Varchar(length=40, default="")  # qbXMLCountry
    file_path = Text(default="")
    machine = Varchar(length=64, default="")
    error = Text(default="")  # what getLastError says
    result = Text(default="")  # how it ended, in a sentence
    address = Varchar(length=64, default="")


class RunEntity(Table):
    """One entity within a run: how far it is."""

    id = BigSerial(primary_key=True)
    run = ForeignKey(Run, null=False)
    position = SmallInt()
    entity = Varchar(length=40)  # a key of ENTITIES, or ListDeleted, TxnDeleted
    mode = Varchar(length=10)  # protocol.plan.Mode
    state = Varchar(length=10)  # waiting, reading, received, done, off, failed
    expected = Integer(null=True, default=None)  # rows; None: not known
    received = Integer(default=0)  # rows in the answers of this pass
    done = Integer(default=0)  # rows taken in, of this pass
    changed = Integer(default=0)  # of them new or different
    cursor_from = Varchar(length=25, default="")  # FromModifiedDate of this pass; empty: everything
    newest = Varchar(length=25, default="")  # largest TimeModified received in this pass
    iterator_id = Varchar(length=100, default="")
    iterator_session = BigInt(null=True, default=None)  # an iterator lives in one session only
    remaining = Integer(null=True, default=None)  # iteratorRemainingCount of the last page
    page_rows = Integer(default=0)  # MaxReturned of the next page; 0: asked whole
    pages = Integer(default=0)
    passes = SmallInt(default=0)  # how often it was started, over all sessions
    passes_here = SmallInt(default=0)  # in the present session
    errors = SmallInt(default=0)
    began_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    reason = Text(default="")
    run_entity_once = Unique([run, position])


class EntityState(Table):
    """What is known of one entity of one company between runs."""

    id = BigSerial(primary_key=True)
    company = ForeignKey(Company, null=False)
    entity = Varchar(length=40)
    cursor = Varchar(length=25, default="")  # the next FromModifiedDate; empty: never read whole
    as_of = Timestamptz(null=True, default=None)  # our clock: begin of the last complete pass
    newest = Varchar(length=25, default="")  # largest TimeModified ever received
    off = Text(default="")  # why QuickBooks does not have it; empty: it does
    off_at = Timestamptz(null=True, default=None)
    entity_state_once = Unique([company, entity])


class Request(Table):
    """One qbXML message that was, or will be, handed to QuickBooks, with its answer."""

    id = BigSerial(primary_key=True)
    session = ForeignKey(Session, null=False)
    company = BigInt()
    run = BigInt(null=True, default=None)
    run_entity = BigInt(null=True, default=None)
    request_id = Varchar(length=50)  # unique in the session; echoed by QuickBooks
    kind = Varchar(length=10)  # identity, counts, read, write
    name = Varchar(length=60)  # CustomerQueryRq; of several the first
    page = Integer(default=0)
    pass_number = SmallInt(default=0)  # RunEntity.passes when it was asked
    body = Bytea()  # the document, zlib
    body_size = Integer()
    sent_at = Timestamptz()
    resends = SmallInt(default=0)
    answered_at = Timestamptz(null=True, default=None)
    answer = Bytea(null=True, default=None)  # as received, zlib
    answer_size = Integer(default=0)
    status_code = Integer(null=True, default=None)  # None: hresult, or not readable
    status_severity = Varchar(length=10, default="")
    status_message = Text(default="")
    hresult = Varchar(length=20, default="")
    rows = Integer(default=0)
    remaining = Integer(null=True, default=None)  # iteratorRemainingCount
    message_set_id = Varchar(length=24, default="")
    processed_at = Timestamptz(null=True, default=None)  # rows taken in, or nothing to take in
    set_aside = Text(default="")  # why the answer could not be taken in
    tries = SmallInt(default=0)
    request_once = Unique([session, request_id])


class Record(Table):
    """One list entry or transaction of one company, as QuickBooks has it and as the team wants it.

    `company` carries no foreign key: its check costs more than the rest of an insert, and the row's writer holds the
    company.
    """

    id = BigSerial(primary_key=True)
    company = BigInt()
    entity = Varchar(length=40)  # a key of ENTITIES
    qb_id = Varchar(length=100)  # ListID or TxnID
    edit_sequence = Varchar(length=100, default="")  # opaque; sent back unchanged in a Mod
    name = Varchar(length=250, default="")  # FullName or Name; of a transaction what stands for it
    ref_number = Varchar(length=40, default="")
    party = Varchar(length=250, default="")  # FullName of the customer, vendor, payee
    amount = Numeric(digits=(20, 5), null=True, default=None)
    date = Varchar(length=10, default="")  # TxnDate
    active = Boolean(null=True, default=None)
    time_created = Varchar(length=25, default="")  # QuickBooks' own string
    time_modified = Varchar(length=25, default="")  # QuickBooks' own string
    quickbooks = JSONB()  # fields by qbXML name; scalars are strings
    ours = JSONB(null=True, default=None)  # None: the same as quickbooks
    base = JSONB(null=True, default=None)  # last agreed; None: the same as quickbooks
    line_order = JSONB(null=True, default=None)  # tags of repeated children in their order, where two kinds are mixed
    deleted_at = Varchar(length=25, null=True, default=None)  # TimeDeleted, or when we found it gone
    updated_at = Timestamptz(default=TimestamptzNow())
    record_once = Unique([company, entity, qb_id])


class Seen(Table):
    """A key that a whole reading has met: what is not here at its end is gone from QuickBooks."""

    id = BigSerial(primary_key=True)
    run_entity = BigInt()
    qb_id = Varchar(length=100)
    seen_once = Unique([run_entity, qb_id])


class Touched(Table):
    """A record that a changed transaction of a run refers to: its balance may have moved without a trace."""

    id = BigSerial(primary_key=True)
    run = BigInt()
    entity = Varchar(length=40)
    qb_id = Varchar(length=100)
    touched_once = Unique([run, entity, qb_id])


class Change(Table):
    """One proposed difference of one record, with its one-way states."""

    id = BigSerial(primary_key=True)
    company = ForeignKey(Company, null=False)
    record = BigInt(null=True, default=None)
    entity = Varchar(length=40)
    direction = Varchar(length=3)  # in, out
    action = Varchar(length=6)  # create, update, delete, void
    state = Varchar(length=10)  # proposed, approved, sent, applied, refused, unknown, kept, cleared, conflict, waiting
    before = JSONB(null=True, default=None)
    after = JSONB(null=True, default=None)
    waits_for = BigInt(null=True, default=None)  # the change of a parent that has no ListID yet
    conflict = JSONB(null=True, default=None)  # list of {path, base, quickbooks, ours}: what both sides changed
    request = BigInt(null=True, default=None)
    status_code = Integer(null=True, default=None)
    status_message = Text(default="")
    reason = Text(default="")  # ours, in a sentence: why it waits, was refused, or is not known
    tries = SmallInt(default=0)  # that QuickBooks could not take
    reread = Boolean(default=False)  # read again once: its EditSequence was out of date
    alone = Boolean(default=False)  # sent in a message set of its own: one that held it was refused as a whole
    # {before, after} as it was proposed, once all but its custom fields is in the books: they are what is left
    whole = JSONB(null=True, default=None)
    checked = BigInt(null=True, default=None)  # the session in which QuickBooks' custom fields were read before ours go
    guid = Varchar(length=38, null=True, default=None)  # ExternalGUID of its Add; "": without, since one was refused
    created_by = Varchar(length=254, default="")
    created_at = Timestamptz(default=TimestamptzNow())
    sent_at = Timestamptz(null=True, default=None)
    decided_by = Varchar(length=254, default="")
    decided_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)


class Policy(Table):
    """Whether changes of one kind wait for a person's approval, in one direction."""

    id = BigSerial(primary_key=True)
    company = ForeignKey(Company, null=False)
    entity = Varchar(length=40, default="")  # "" is for every kind that has no row of its own
    direction = Varchar(length=3)  # in, out
    mode = Varchar(length=5)  # ask, first (ask once, then by itself), auto
    approved_at = Timestamptz(null=True, default=None)  # of mode first: since when it goes by itself
    changed_by = Varchar(length=254, default="")
    changed_at = Timestamptz(default=TimestamptzNow())
    policy_once = Unique([company, entity, direction])


class Look(Table):
    """A record that is looked for in QuickBooks, by its id and by what stands for it, because a person asked."""

    id = BigSerial(primary_key=True)
    company = ForeignKey(Company, null=False)
    record = BigInt()
    change = BigInt(null=True, default=None)  # the one that could not be written
    state = Varchar(length=8)  # asked, sent, there, gone, failed, done
    found = JSONB(null=True, default=None)  # list of records as QuickBooks has them, that may be this one
    reason = Text(default="")  # why the look told nothing; of one that is done what was chosen
    request = BigInt(null=True, default=None)
    asked_by = Varchar(length=254)
    asked_at = Timestamptz(default=TimestamptzNow())
    answered_at = Timestamptz(null=True, default=None)


class ChangeEvent(Table):
    """One step of a change, as it was then: rows are only ever added, by a trigger on each change that moves.

    A change that is sent again keeps what became of it before, so this is the log over time.
    """

    id = BigSerial(primary_key=True)
    change = BigInt()
    company = BigInt()  # copied from the change, like the next three: each list has its index
    entity = Varchar(length=40)
    direction = Varchar(length=3)
    action = Varchar(length=6)
    state = Varchar(length=10)  # of the change after this step
    at = Timestamptz(default=TimestamptzNow())
    who = Varchar(length=254, default="")  # the person who made it; empty: QuickBooks, or we
    request = BigInt(null=True, default=None)  # with which it was sent
    code = Integer(null=True, default=None)  # QuickBooks' status
    message = Text(default="")  # QuickBooks' own words
    reason = Text(default="")  # ours


class WizardTicks(Table):
    """What a person has unticked in the Sync Wizard of a company, until they decide."""

    id = BigSerial(primary_key=True)
    person = ForeignKey(User, null=False)
    company = ForeignKey(Company, null=False)
    kinds = JSONB(default="[]")  # kinds that are unticked whole: "in/Customer"
    rows = JSONB(default="{}")  # change id -> on, off, keep, clear: rows that differ from their kind
    changed_at = Timestamptz(default=TimestamptzNow())
    wizard_ticks_once = Unique([person, company])


class ApiToken(Table):
    """What another program shows to be let in to the JSON API."""

    id = BigSerial(primary_key=True)
    name = Varchar(length=120)
    role = Varchar(length=20)  # owner, accounting_manager, member, viewer
    token_hash = Bytea(unique=True)  # SHA-256 of the token, which is shown once
    created_by = Varchar(length=254)
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(null=True, default=None)  # None: never
    last_used_at = Timestamptz(null=True, default=None)  # once a minute at most
    last_address = Varchar(length=64, default="")
    revoked_at = Timestamptz(null=True, default=None)
    revoked_by = Varchar(length=254, default="")


class ApiAnswer(Table):
    """What a write through the API was answered, kept for a day: the same Idempotency-Key gets it again."""

    id = BigSerial(primary_key=True)
    token = BigInt()
    key = Varchar(length=255)  # the Idempotency-Key
    digest = Bytea()  # SHA-256 of method, address and body: the same key may not ask for anything else
    status = SmallInt(default=0)
    answer = JSONB(default="{}")
    at = Timestamptz(default=TimestamptzNow(), index=True)
    api_answer_once = Unique([token, key])


class CsvImport(Table):
    """A CSV file that somebody sent, from its upload to its decision. Its lines are let go of after a week."""

    id = BigSerial(primary_key=True)
    company = ForeignKey(Company, null=False)
    entity = Varchar(length=40)
    file_name = Varchar(length=200)
    encoding = Varchar(length=20)  # in words: UTF-8, Windows-1252
    separator = Varchar(length=1)
    headings = JSONB()  # list of texts
    mapping = JSONB()  # list, for each column the path of its field ("BillAddress/City") or ""
    lines = Integer(default=0)  # beside the head
    state = Varchar(length=10)  # reading, checking, checked, importing, done, dropped
    number = Integer(default=0)  # counts up with each mapping: a check of an earlier one stops
    checked = Integer(default=0)  # lines, of the present mapping
    imported = Integer(default=0)
    made_by = Varchar(length=254)
    made_at = Timestamptz(default=TimestamptzNow(), index=True)
    decided_by = Varchar(length=254, default="")
    decided_at = Timestamptz(null=True, default=None)
    address = Varchar(length=64, default="")


class CsvLine(Table):
    """One line of such a file, and what it would do."""

    id = BigSerial(primary_key=True)
    csv_import = BigInt()
    line = Integer()  # in the file; the head is 1
    cells = JSONB()  # list of texts
    verdict = Varchar(length=8, default="")  # new, changed, same, refused; empty: not looked at
    reason = Text(default="")  # why it is refused
    record = BigInt(null=True, default=None)
    leaves = JSONB(null=True, default=None)  # list of [path, before, after]: what it changes
    change = BigInt(null=True, default=None)  # that it became
    csv_line_once = Unique([csv_import, line])


TABLES = (
    Workspace,
    User,
    Invitation,
    UserSession,
    AuditEntry,
    Limit,
    Company,
    Connector,
    UnknownCaller,
    ContactHour,
    SetupLink,
    Incident,
    Mail,
    Export,
    Run,
    Session,
    RunEntity,
    EntityState,
    Request,
    Record,
    Seen,
    Touched,
    Change,
    Policy,
    Look,
    ChangeEvent,
    WizardTicks,
    ApiToken,
    ApiAnswer,
    CsvImport,
    CsvLine,
)
