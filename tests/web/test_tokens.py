"""Tokens for other programs: made, shown once, listed, revoked, on the page and on the command line."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from sync.store import tokens
from sync.store.base import fetch
from tests.serving import SECRET, Client
from tests.web.conftest import SignUp

TOKEN = re.compile(r"deskbridge_[\w-]{43}")


async def test_a_token_is_shown_once_works_and_is_revoked(signed_in_as: SignUp, site: str) -> None:
    ruth = await signed_in_as("owner")
    assert "No token yet." in (await ruth.get("/settings/api-tokens")).text
    made = await ruth.submit("/settings/api-tokens", name="Warehouse", role="member", days="30")
    found = TOKEN.search(made.text)
    assert found
    later = await ruth.get("/settings/api-tokens")
    assert "Warehouse" in later.text
    assert found[0] not in later.text
    headers = {"authorization": f"Bearer {found[0]}"}
    async with Client(base_url=site, headers=headers) as client:
        assert (await client.get("/api/v1/companies")).json() == {"companies": []}
        row = (await tokens.listed())[0]
        await ruth.submit(f"/settings/api-tokens/{row.id}/revoke")
        assert (await client.get("/api/v1/companies")).status_code == 401
    audited = await fetch("select actor, action, subject from audit_entry where action like 'token.%' order by id")
    assert [tuple(one) for one in audited] == [
        ("ruth@halder.example", "token.made", "Warehouse"),
        ("ruth@halder.example", "token.revoked", "Warehouse"),
    ]
    stored = await fetch("select token::text as row from api_token token union all select e::text from audit_entry e")
    assert not any(found[0] in one["row"] for one in stored)


async def test_a_token_without_a_name_is_not_made(signed_in_as: SignUp) -> None:
    ruth = await signed_in_as("owner")
    refused = await ruth.submit("/settings/api-tokens", name=" ", role="member", days="30")
    assert refused.status_code == 422
    assert await tokens.listed() == []


async def test_a_token_is_made_listed_and_revoked_on_the_command_line(
    site: str, database_url: str, tmp_path: Path
) -> None:
    environ = os.environ | {"DATABASE_URL": database_url, "DESKBRIDGE_DATA": str(tmp_path), "SECRET_KEY": SECRET}

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "web", "token", *words]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.strip()

    token = await asyncio.to_thread(run, "create", "--role", "accounting_manager", "--name", "Shop", "--days", "2")
    assert TOKEN.fullmatch(token)
    async with Client(base_url=site, headers={"authorization": f"Bearer {token}"}) as client:
        assert (await client.get("/api/v1/companies")).status_code == 200
        listed = json.loads(await asyncio.to_thread(run, "list"))
        assert (listed["name"], listed["role"], listed["created_by"]) == ("Shop", "accounting_manager", "command line")
        await asyncio.to_thread(run, "revoke", str(listed["id"]))
        assert (await client.get("/api/v1/companies")).status_code == 401
