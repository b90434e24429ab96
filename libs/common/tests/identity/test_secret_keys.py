"""Symmetric keys as files."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from quill_common.identity.errors import KeysUnavailable
from quill_common.identity.secret_keys import SecretKeys


def test_the_first_key_is_made_and_its_owner_alone_can_read_it(tmp_path: Path) -> None:
    kid, key = SecretKeys(tmp_path / "own").newest()
    [file] = (tmp_path / "own").glob("*.key")
    assert (file.stem, len(key)) == (kid, 32)
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700


def test_processes_that_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        rings = list(threads.map(lambda _: SecretKeys(tmp_path / "own"), range(8)))
    assert len({ring.newest() for ring in rings}) == 1


def test_the_newest_encrypts_and_old_ones_are_still_found_in_every_process(tmp_path: Path) -> None:
    ring, other = SecretKeys(tmp_path), SecretKeys(tmp_path)
    old_id, old = ring.newest()
    new_id = ring.rotate()
    assert ring.newest()[0] == new_id != old_id
    assert ring.find(old_id) == old
    assert other.find(new_id) == ring.newest()[1]


def test_a_key_that_is_gone_is_not_found_and_none_is_made_in_its_place(tmp_path: Path) -> None:
    ring = SecretKeys(tmp_path)
    kid, _ = ring.newest()
    (tmp_path / f"{kid}.key").unlink()
    assert ring.find("unknown") is None
    assert ring.find(kid) is None
    with pytest.raises(KeysUnavailable):
        ring.newest()


@pytest.mark.parametrize("content", [b"", b"zz" * 32, b"ab" * 31, b"\xff\xfe"])
def test_a_damaged_file_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "20260101T000000000000Z-00000000.key").write_bytes(content)
    with pytest.raises(KeysUnavailable, match="00000000"):
        SecretKeys(tmp_path)


def test_a_new_key_encrypts_though_the_clock_was_set_back(tmp_path: Path) -> None:
    (tmp_path / "29990101T000000999999Z-ffffffff.key").write_text("ab" * 32)
    ring = SecretKeys(tmp_path)
    first, second = ring.rotate(), ring.rotate()
    assert "29990101T000000999999Z-ffffffff" < first < second
    assert ring.newest()[0] == second


def test_a_key_and_its_name_are_on_the_disk_before_anything_is_encrypted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, int]] = []

    def fsync(descriptor: int) -> None:
        synced.append((os.readlink(f"/proc/self/fd/{descriptor}"), len(list(tmp_path.glob("*.key")))))

    monkeypatch.setattr(os, "fsync", fsync)
    SecretKeys(tmp_path)
    assert synced[-1] == (str(tmp_path), 1)
