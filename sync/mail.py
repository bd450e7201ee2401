"""What the outbox holds, sent: one mail after another to the server of SMTP_URL, or printed to the log without one.

The server's certificate is checked, every step has a time-out, and what the log shows holds no link and no address of
one: a link may let in whoever has it.
"""

import asyncio
import contextlib
import logging
import re
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

import asyncpg

from sync.settings import Settings
from sync.smtp import Smtp
from sync.store import mail
from sync.store.base import Unavailable
from sync.store.mail import Letter

log = logging.getLogger(__name__)

TIMEOUT = 20.0  # seconds for each step of a conversation with the server
AT_ONCE = 100  # mails of one look into the outbox
LINK = re.compile(r"https?://\S+")
PAUSES = (0.2, 1.0, 5.0, 20.0)  # seconds between tries to note what was sent; together less than mail.LEASE
SHOWN = 200  # characters of the server's own words


class NotTaken(Exception):
    """The server did not take a mail; the message says why, without any secret."""

    def __init__(self, why: str, *, for_good: bool = False, unreachable: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good  # the same mail will be refused again
        self.unreachable = unreachable  # the next mail would fare no better


async def send_due(settings: Settings) -> int:
    """Send what is due; return how many mails were taken. Safe in several processes at once."""
    taken = 0
    for _ in range(AT_ONCE):
        claimed = await mail.due(datetime.now(UTC))
        if not claimed:
            break
        letter = claimed[0]
        if settings.smtp is None:
            print_to_log(letter)
            await mail.printed(letter.id, datetime.now(UTC))
            continue
        try:
            await asyncio.to_thread(send, settings.smtp, message_of(letter, settings))
        except NotTaken as error:
            log.warning("mail %d was not taken: %s", letter.id, error)
            await mail.failed(letter, str(error), datetime.now(UTC), for_good=error.for_good)
            if error.unreachable:
                break
        else:
            taken += 1
            await note_sent(letter)
    return taken


async def note_sent(letter: Letter) -> None:
    """Note that the server has a mail. Tried again while the database is away: nobody may send it a second time."""
    for pause in PAUSES:
        try:
            await mail.sent(letter.id, datetime.now(UTC))
            return
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable):
            await asyncio.sleep(pause)
    await mail.sent(letter.id, datetime.now(UTC))


def print_to_log(letter: Letter) -> None:
    """Say what would have been sent. What belongs to no company may be an invitation: of it only that it is there."""
    if letter.company is None:
        log.warning(
            "mail %d was not sent: SMTP is not configured (SMTP_URL). It is not printed: it may let in", letter.id
        )
        return
    words = LINK.sub("(link left out)", letter.body).strip().replace("\r", "")
    log.warning(
        "mail %d was not sent: SMTP is not configured (SMTP_URL)\n    To: %s\n    Subject: %s\n\n    %s",
        *(letter.id, letter.recipient, LINK.sub("(link left out)", letter.subject), words.replace("\n", "\n    ")),
    )


def message_of(letter: Letter, settings: Settings) -> EmailMessage:
    """Put a mail into plain text, UTF-8. Its Message-ID stays the same in every try."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.mail_from
    message["To"] = letter.recipient
    message["Subject"] = mail.one_line(letter.subject)
    message["Date"] = format_datetime(letter.created_at)
    host = urlsplit(settings.public_url).hostname or "localhost"
    message["Message-ID"] = f"<mail-{letter.id}-{letter.created_at:%Y%m%d%H%M%S%f}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body, charset="utf-8")
    return message


def send(smtp: Smtp, message: EmailMessage) -> None:
    """Hand one mail to the server. Blocks: for a thread. Raises NotTaken."""
    sender = parseaddr(str(message["From"]))[1]
    try:
        server = connected(smtp)
        try:
            server.send_message(message, from_addr=sender, to_addrs=[str(message["To"])])
            with contextlib.suppress(OSError, smtplib.SMTPException):  # it has the mail, whatever it says at parting
                server.quit()
        finally:
            server.close()
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise NotTaken(f"the server refuses the recipient ({said(code, words)})", for_good=code >= 500) from None
    except smtplib.SMTPAuthenticationError as error:
        why = f"the server refuses user name or password of SMTP_URL ({error.smtp_code})"
        raise NotTaken(why, unreachable=True) from None
    except smtplib.SMTPResponseException as error:
        for_good = error.smtp_code >= 500 and isinstance(error, smtplib.SMTPDataError)
        raise NotTaken(
            f"the server refuses it ({said(error.smtp_code, error.smtp_error)})", for_good=for_good
        ) from None
    except smtplib.SMTPNotSupportedError as error:
        raise NotTaken(f"the server {smtp.host} cannot do what is needed: {error}", unreachable=True) from None
    except ssl.SSLCertVerificationError as error:
        why = f"the certificate of {smtp.host} is not to be trusted: {error.verify_message}"
        raise NotTaken(why, unreachable=True) from None
    except (OSError, smtplib.SMTPException) as error:
        why = f"the server {smtp.host}:{smtp.port} cannot be reached, or broke off: {reason(error)}"
        raise NotTaken(why, unreachable=True) from None


def connected(smtp: Smtp) -> smtplib.SMTP:
    """Return a conversation that is encrypted and signed in, as far as SMTP_URL says."""
    context = ssl.create_default_context()
    if smtp.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT)
    try:
        if smtp.security == "starttls":
            server.starttls(context=context)
        if smtp.user:
            server.login(smtp.user, smtp.password)
    except BaseException:
        server.close()
        raise
    return server


def said(code: int, words: bytes | str) -> str:
    """The server's own words in one line, with their code."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {mail.one_line(LINK.sub('', text))}"[:SHOWN]


def reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
