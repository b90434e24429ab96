"""Passwords are made once and are nobody else's to read."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from quill_operator.secret_files import password


def test_a_password_stays_the_same_and_is_its_owners_alone(tmp_path: Path) -> None:
    first = password(tmp_path, "auth")
    assert len(first) >= 32
    assert password(tmp_path, "auth") == first
    assert password(tmp_path, "orgs") != first
    assert (tmp_path / "secrets/auth.password").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_many_who_ask_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(lambda _: password(tmp_path, "auth"), range(64)))
    assert len(answers) == 1
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["auth.password"]
