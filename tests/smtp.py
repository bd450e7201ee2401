"""A mail server on loopback for tests: real sockets, STARTTLS with a certificate made for it, refusals as asked for."""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder: Path, name: str = "localhost") -> Path:
    """A file with a key and its certificate, signed by itself, for a name and 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@dataclass(kw_only=True)
class MailServer:
    """What it was told, and how it is to answer; `answers` replaces replies: {"RCPT": "550 no such user"}."""

    pem: Path | None = None  # with it STARTTLS is offered
    offers_tls: bool = True
    user: str = ""  # with a password: AUTH is demanded, after STARTTLS
    answers: dict[str, str] = field(default_factory=dict)
    hangs_up_after: str = ""  # a command whose reply is lost
    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)  # of each mail
    logins: list[str] = field(default_factory=list)
    connections: int = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["MailServer"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            await self._converse(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        encrypted = False
        await self._say(writer, "220 mail.example ESMTP")
        while line := (await reader.readline()).decode().strip():
            command = line.partition(" ")[0].upper()
            if command in self.answers:
                await self._say(writer, self.answers[command])
                continue
            if command == "STARTTLS":
                await self._say(writer, "220 go ahead")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.pem)
                await writer.start_tls(context)
                encrypted = True
                continue
            if command == "DATA":
                await self._say(writer, "354 go ahead")
                self.mails.append(await self._letter(reader))
                self.encrypted.append(encrypted)
            if command == self.hangs_up_after:
                return
            await self._say(writer, self._reply(command, line, encrypted))
            if command == "QUIT":
                return

    async def _letter(self, reader: asyncio.StreamReader) -> bytes:
        lines = []
        while (line := await reader.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _reply(self, command: str, line: str, encrypted: bool) -> str:
        if command == "EHLO":
            tls = ["STARTTLS"] if self.pem and self.offers_tls and not encrypted else []
            words = ["mail.example", "8BITMIME", *tls, *(["AUTH PLAIN"] if self.user else [])]
            return "\r\n".join(f"250{' ' if word == words[-1] else '-'}{word}" for word in words)
        if command == "AUTH":
            self.logins.append(line)
            return "235 welcome"
        if command == "RCPT":
            self.recipients.append(line.partition(":")[2].strip("<>"))
        return "221 bye" if command == "QUIT" else "250 ok"

    async def _say(self, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(f"{text}\r\n".encode())
        await writer.drain()
