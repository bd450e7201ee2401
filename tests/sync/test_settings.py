"""sync.settings: what is read, what is refused, and the key that is kept."""

import contextlib
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.settings import Settings, SettingsError

KEY = "k" * 32


def read(folder: Path, **environ: str) -> Settings:
    return Settings.read({"DESKBRIDGE_DATA": str(folder), **environ})


def problems(folder: Path, **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read(folder, **environ)
    return caught.value.problems


def test_an_empty_environment_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.read({})
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8080, "http://localhost:8080")
    assert settings.data == tmp_path / "data"
    assert settings.database_url is None


def test_an_empty_value_counts_as_not_given(tmp_path: Path) -> None:
    settings = read(tmp_path, PORT=" ", HOST="", DATABASE_URL="", DESKBRIDGE_URL="", SECRET_KEY="")
    assert (settings.port, settings.host, settings.database_url) == (8080, "127.0.0.1", None)


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    wrong = {
        "HOST": "a b",
        "PORT": "80a",
        "DESKBRIDGE_URL": "books.example.com",
        "DATABASE_URL": "mysql://h/d",
        "SECRET_KEY": "short",
    }
    found = problems(tmp_path / "file", **wrong)
    assert sorted(problem.split()[0] for problem in found) == sorted([*wrong, "DESKBRIDGE_DATA"])


@pytest.mark.parametrize("port", ["0", "65536", "-1", "8080.0", "８０８０", "1e3", "999999999999"])
def test_a_port_is_a_number_from_1_to_65535(tmp_path: Path, port: str) -> None:
    assert problems(tmp_path, PORT=port)[0].startswith("PORT ")


def test_the_public_address_follows_the_port(tmp_path: Path) -> None:
    assert read(tmp_path, PORT="9000").public_url == "http://localhost:9000"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://books.example.com", "https://books.example.com"),
        ("https://Books.Example.com/", "https://books.example.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_a_public_address_is_scheme_host_and_port(tmp_path: Path, url: str, kept: str) -> None:
    assert read(tmp_path, DESKBRIDGE_URL=url).public_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "https://",
        "https://example.com/books",
        "https://example.com//",
        "https://example.com?x",
        "https://example.com#x",
        "https://example.com:0",
        "https://example.com:70000",
        "https://example.com\\@evil.com",
        "https://exa mple.com",
        "https://example.com\n.evil.com",
        "https://-.com",
        "javascript:alert(1)",
    ],
)
def test_any_other_public_address_is_refused(tmp_path: Path, url: str) -> None:
    assert problems(tmp_path, DESKBRIDGE_URL=url)[0].startswith("DESKBRIDGE_URL ")


def test_no_password_is_repeated_in_a_refusal_or_shown_by_repr(tmp_path: Path) -> None:
    found = problems(tmp_path, DESKBRIDGE_URL="https://u:hunter2@example.com", DATABASE_URL="mysql://u:hunter2@h/d")
    assert "hunter2" not in " ".join(found)
    settings = read(tmp_path, DATABASE_URL="postgresql://u:hunter2@h/d", SECRET_KEY=KEY)
    assert "hunter2" not in repr(settings)
    assert KEY not in repr(settings)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_database_address_keeps_all_but_its_scheme(tmp_path: Path, scheme: str) -> None:
    rest = "://u:p%40ss@db.example.com:5433/books?sslmode=require&application_name=x%20y"
    assert read(tmp_path, DATABASE_URL=scheme + rest, SECRET_KEY=KEY).database_url == "postgresql" + rest


def test_a_database_address_may_name_a_socket(tmp_path: Path) -> None:
    url = "postgresql:///books?host=%2Fvar%2Frun%2Fpostgresql"
    assert read(tmp_path, DATABASE_URL=url, SECRET_KEY=KEY).database_url == url


@pytest.mark.parametrize(
    "url", ["postgres:books", "postgresql://", "postgres://h:port/d", "postgres://h /d", "sqlite://x"]
)
def test_any_other_database_address_is_refused(tmp_path: Path, url: str) -> None:
    assert problems(tmp_path, DATABASE_URL=url, SECRET_KEY=KEY)[0].startswith("DATABASE_URL ")


def test_a_database_of_ones_own_needs_a_secret_key_of_ones_own(tmp_path: Path) -> None:
    assert problems(tmp_path, DATABASE_URL="postgres://h/d")[0].startswith("SECRET_KEY ")


@given(st.dictionaries(st.sampled_from(["HOST", "PORT", "DESKBRIDGE_URL", "DATABASE_URL"]), st.text()))
def test_no_value_raises_anything_but_a_settings_error(environ: dict[str, str]) -> None:
    with contextlib.suppress(SettingsError):
        settings = Settings.read({**environ, "SECRET_KEY": KEY, "DESKBRIDGE_DATA": "/"})
        assert 0 < settings.port < 65536


def test_a_key_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    first = read(tmp_path / "new" / "data").secret_key
    assert len(first) >= 64
    assert read(tmp_path / "new" / "data").secret_key == first
    assert stat.S_IMODE((tmp_path / "new" / "data" / "secret.key").stat().st_mode) == 0o600


def test_processes_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = {settings.secret_key for settings in pool.map(lambda _: read(tmp_path), range(16))}
    assert len(keys) == 1


def test_a_key_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("abc")
    assert len(read(tmp_path).secret_key) >= 64


def test_a_given_key_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    assert read(tmp_path, SECRET_KEY=KEY).secret_key == KEY
    assert not list(tmp_path.iterdir())


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert problems(tmp_path / "file" / "data")[0].startswith("DESKBRIDGE_DATA")


OIDC = {
    "OIDC_ISSUER": "https://id.halder.example",
    "OIDC_CLIENT_ID": "deskbridge",
    "OIDC_CLIENT_SECRET": "s3cret",
}


def test_a_provider_for_single_sign_on_is_read_with_its_defaults(tmp_path: Path) -> None:
    assert read(tmp_path).sign_on is None
    found = read(tmp_path, **OIDC).sign_on
    assert found
    assert found.discovery == "https://id.halder.example/.well-known/openid-configuration"
    assert (found.name, found.domains, found.role) == ("Intuit", (), "viewer")
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("OIDC_ISSUER", "http://id.halder.example", "https://"),
        ("OIDC_ISSUER", "https://id.halder.example?a=b", "https://"),
        ("OIDC_ISSUER", "https://user:hidden@id.halder.example", "https://"),
        ("OIDC_DISCOVERY", "ftp://id.halder.example", "https://"),
        ("OIDC_DOMAINS", "halder.example, *", "'*'"),
        ("OIDC_DOMAINS", "ruth@halder.example", "e-mail domains"),
        ("OIDC_ROLE", "owner", "only an owner makes another one"),
        ("OIDC_ROLE", "admin", "viewer, member or accounting_manager"),
        ("OIDC_NAME", "x" * 41, "40 characters"),
        ("OIDC_CLIENT_SECRET", "two words", "has a space"),
    ],
)
def test_a_wrong_setting_of_single_sign_on_is_named(tmp_path: Path, name: str, value: str, words: str) -> None:
    wrong = problems(tmp_path, **OIDC | {name: value})
    assert [problem.startswith(name) and words in problem for problem in wrong] == [True]
    assert "hidden" not in wrong[0]


def test_half_of_a_provider_is_none(tmp_path: Path) -> None:
    assert problems(tmp_path, OIDC_DOMAINS="halder.example") == (
        "OIDC_ISSUER is missing: OIDC_DOMAINS needs it",
        "OIDC_CLIENT_ID is missing: OIDC_DOMAINS needs it",
        "OIDC_CLIENT_SECRET is missing: OIDC_DOMAINS needs it",
    )
