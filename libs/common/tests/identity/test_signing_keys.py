"""Keys of each purpose, their rotation, and what becomes of the keys from before there were purposes."""

import asyncio
import os
import stat
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import pytest
from quill_common.identity import (
    PURPOSES,
    InvalidToken,
    KeysUnavailable,
    Purpose,
    SigningKeys,
    TokenSigner,
    TokenVerifier,
)
from quill_common.identity.key_files import create_private_key, load_private_key
from quill_common.identity.key_names import new_name, signs_from
from quill_common.identity.key_ring import PUBLISHED_AHEAD_SECONDS

SESSION = "6f0c9f6e-6a3e-4a53-9b1e-111111111111"
DAY = 86_400.0


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def token_of(signer: TokenSigner, purpose: str) -> str:
    if purpose == "access":
        return signer.access(1, SESSION, roles=(), competencies=(), lifetime=60)
    made: str = getattr(signer, purpose)(1, SESSION, lifetime=60)
    return made


def kids(directory: Path, purpose: str) -> set[str]:
    return {path.stem for path in (directory / purpose).glob("*.pem")}


def test_only_the_owner_can_read_the_keys(tmp_path: Path) -> None:
    SigningKeys(tmp_path / "keys" / "auth")
    files = list((tmp_path / "keys" / "auth").rglob("*.pem"))
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    folders = {tmp_path / "keys" / "auth", *(file.parent for file in files)}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_processes_that_start_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        every = list(pool.map(lambda _: SigningKeys(tmp_path / "signing"), range(8)))
    for purpose in PURPOSES:
        assert len({keys.signing(purpose)[0] for keys in every}) == 1
        assert len(kids(tmp_path / "signing", purpose)) == 1


def test_each_purpose_has_a_key_and_a_key_id_of_its_own(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    pairs = [keys.signing(purpose) for purpose in PURPOSES]
    assert len({kid for kid, _ in pairs}) == 3
    assert len({key.private_bytes_raw() for _, key in pairs}) == 3


@pytest.mark.parametrize("used_as", PURPOSES)
@pytest.mark.parametrize("signed_by", PURPOSES)
async def test_a_key_signs_tokens_of_its_own_purpose_only(tmp_path: Path, signed_by: Purpose, used_as: Purpose) -> None:
    keys = SigningKeys(tmp_path)
    claims = jwt.decode(token_of(TokenSigner(keys), used_as), options={"verify_signature": False})
    kid, key = keys.signing(signed_by)
    token = jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": kid})
    verify = getattr(TokenVerifier(keys), used_as)
    if signed_by == used_as:
        assert (await verify(token)).user_id == 1
    else:
        with pytest.raises(InvalidToken):
            await verify(token)


def test_a_restart_keeps_the_keys(tmp_path: Path) -> None:
    assert SigningKeys(tmp_path).jwks() == SigningKeys(tmp_path).jwks()


def test_published_is_what_others_verify_and_no_private_half(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    published = keys.jwks()["keys"]
    assert {(key["quill_purpose"], key["kid"]) for key in published} == {
        (purpose, keys.signing(purpose)[0]) for purpose in ("access", "csrf")
    }
    for key in published:
        assert set(key) == {"kty", "crv", "use", "alg", "kid", "x", "quill_purpose"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("OKP", "Ed25519", "sig", "EdDSA")


async def test_a_new_key_is_published_before_it_signs_and_the_old_one_goes_on_verifying(
    tmp_path: Path, clock: Clock
) -> None:
    keys = SigningKeys(tmp_path, clock)
    signer, verifier = TokenSigner(keys), TokenVerifier(keys)
    old, before = keys.signing("csrf")[0], token_of(signer, "csrf")
    new = keys.rings["csrf"].rotate()
    assert new in {key["kid"] for key in keys.jwks()["keys"]}
    assert [key.state for key in keys.rings["csrf"].states()] == ["signing", "next"]
    clock.now += PUBLISHED_AHEAD_SECONDS - 1
    assert keys.signing("csrf")[0] == old
    clock.now += 2
    assert keys.signing("csrf")[0] == new
    assert [key.state for key in keys.rings["csrf"].states()] == ["verifying", "signing"]
    await verifier.csrf(before)
    await verifier.csrf(token_of(signer, "csrf"))


def test_the_only_key_signs_even_when_the_clock_went_back(tmp_path: Path, clock: Clock) -> None:
    kid = SigningKeys(tmp_path, clock).signing("access")[0]
    clock.now -= DAY
    assert SigningKeys(tmp_path, clock).signing("access")[0] == kid


async def test_another_process_verifies_a_key_it_had_not_seen(tmp_path: Path) -> None:
    mine, theirs = SigningKeys(tmp_path), SigningKeys(tmp_path)
    mine.rotate(at_once=True)
    for purpose in PURPOSES:
        await getattr(TokenVerifier(theirs), purpose)(token_of(TokenSigner(mine), purpose))


def test_a_key_is_followed_by_a_new_one_when_it_is_old_and_only_once(tmp_path: Path, clock: Clock) -> None:
    first, second = (SigningKeys(tmp_path, clock).rings["access"] for _ in range(2))
    old = first.signing()[0]
    clock.now += 89 * DAY
    assert first.tend(90 * DAY, 900) == []
    clock.now += 2 * DAY
    (new,) = first.tend(90 * DAY, 900)
    assert second.tend(90 * DAY, 900) == []
    assert kids(tmp_path, "access") == {old, new}


def test_of_many_processes_that_look_at_once_one_rotates(tmp_path: Path, clock: Clock) -> None:
    rings = [SigningKeys(tmp_path, clock).rings["access"] for _ in range(6)]
    clock.now += 91 * DAY
    start = threading.Barrier(6)

    def look(number: int) -> list[str]:
        start.wait()
        return rings[number].tend(90 * DAY, 900)

    with ThreadPoolExecutor(6) as pool:
        created = [kid for made in pool.map(look, range(6)) for kid in made]
    assert len(created) == 1


def test_an_old_key_goes_when_its_last_token_is_dead_and_not_before(tmp_path: Path, clock: Clock) -> None:
    ring = SigningKeys(tmp_path, clock).rings["refresh"]
    week, old = 7 * DAY, ring.signing()[0]
    new = ring.rotate()
    clock.now = signs_from(new) + week  # a token signed in the old key's last moment dies now
    ring.tend(90 * DAY, week)
    assert kids(tmp_path, "refresh") == {old, new}
    clock.now += 120
    ring.tend(90 * DAY, week)
    assert kids(tmp_path, "refresh") == {new}
    assert ring.find(old) is None


def test_a_key_that_is_only_published_yet_does_not_end_the_one_that_signs(tmp_path: Path, clock: Clock) -> None:
    ring = SigningKeys(tmp_path, clock).rings["access"]
    old, new = ring.signing()[0], ring.rotate()
    ring.tend(90 * DAY, 1)
    assert kids(tmp_path, "access") == {old, new}
    assert ring.signing()[0] == old


async def test_after_a_compromise_the_old_keys_are_worth_nothing_at_once(tmp_path: Path) -> None:
    keys, other = SigningKeys(tmp_path), SigningKeys(tmp_path)
    verifier, before = TokenVerifier(keys), token_of(TokenSigner(keys), "access")
    await verifier.access(before)
    keys.rotate()
    new = keys.rings["access"].replace_all()
    assert kids(tmp_path, "access") == {new}
    assert verifier.remembered(before) is None
    with pytest.raises(InvalidToken):
        await verifier.access(before)
    other.rings["access"].reload()
    assert other.signing("access")[0] == new
    await verifier.access(token_of(TokenSigner(keys), "access"))


def test_a_key_that_another_process_removes_while_we_read_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = SigningKeys(tmp_path).rings["access"]
    gone = tmp_path / "access" / f"{new_name(1.0)}.pem"
    listed = Path.glob
    monkeypatch.setattr(Path, "glob", lambda self, pattern: [*listed(self, pattern), gone])
    ring.reload()
    assert ring.find(gone.stem) is None


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.glob("*.pem")}


def modes(directory: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in directory.rglob("*.pem")}


@pytest.fixture
def before_purposes(tmp_path: Path) -> Path:
    """The one key of a directory as it was when one key signed all."""
    directory = tmp_path / "auth"
    directory.mkdir(mode=0o700)
    path = directory / f"{new_name(time.time() - 3600)}.pem"
    create_private_key(path)
    return path


def old_token(path: Path, purpose: str) -> str:
    key = load_private_key(path)

    class Alone:
        def signing(self, _: Purpose) -> tuple[str, object]:
            return path.stem, key

    return token_of(TokenSigner(Alone()), purpose)  # type: ignore[arg-type]  # the test's own key, of the right kind


async def test_the_one_key_from_before_signs_nobody_out_and_goes(before_purposes: Path, clock: Clock) -> None:
    path, directory = before_purposes, before_purposes.parent
    tokens = {purpose: old_token(path, purpose) for purpose in PURPOSES}
    for _ in range(2):
        keys = SigningKeys(directory, clock)
        for purpose in PURPOSES:
            await getattr(TokenVerifier(keys), purpose)(tokens[purpose])
            assert [key.state for key in keys.rings[purpose].states()] == ["signing", "next"]
    assert names(directory) == set()
    assert modes(directory) == {0o600}
    clock.now += PUBLISHED_AHEAD_SECONDS + 1
    assert len({keys.signing(purpose)[0] for purpose in PURPOSES} - {path.stem}) == 3
    clock.now += 8 * DAY
    for ring in keys.rings.values():
        ring.tend(90 * DAY, 7 * DAY)
        assert ring.find(path.stem) is None


async def test_a_move_of_the_one_key_that_broke_off_is_finished_at_the_next_start(
    before_purposes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, directory = before_purposes, before_purposes.parent
    token = old_token(path, "refresh")

    def full(_: SigningKeys) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(SigningKeys, "rotate", full)
    with pytest.raises(OSError, match="No space left"):
        SigningKeys(directory)
    monkeypatch.undo()
    keys = SigningKeys(directory)
    await TokenVerifier(keys).refresh(token)
    assert names(directory) == set()
    assert all(len(ring.states()) == 2 for ring in keys.rings.values())


@pytest.mark.parametrize("name", ["29990101T000000000000Z-00000000", "no-key-id"])
def test_a_damaged_or_misnamed_key_file_is_named(tmp_path: Path, name: str) -> None:
    SigningKeys(tmp_path)
    (tmp_path / "csrf" / f"{name}.pem").write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n")
    with pytest.raises(KeysUnavailable, match=name):
        SigningKeys(tmp_path)


def test_no_temporary_file_is_left(tmp_path: Path) -> None:
    SigningKeys(tmp_path).rotate()
    assert sorted(Path(name).suffix for name in os.listdir(tmp_path / "access")) == ["", ".pem", ".pem"]


ROTATING = """
import sys
from pathlib import Path
from quill_common.identity import SigningKeys, TokenSigner

keys = SigningKeys(Path(sys.argv[1]))
signer = TokenSigner(keys)
for number in range(12):
    keys.rotate(at_once=True)
    keys.rings["csrf"].tend(90 * 86_400, 60)
    print(signer.refresh(1, sys.argv[2], lifetime=60), signer.csrf(1, sys.argv[2], lifetime=60), flush=True)
"""


async def test_processes_that_share_a_directory_rotate_and_verify_each_others_tokens(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    verifier, signer = TokenVerifier(keys), TokenSigner(keys)
    others = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", ROTATING, str(tmp_path), SESSION, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]

    async def follow(other: asyncio.subprocess.Process) -> int:
        assert other.stdout is not None
        count = 0
        async for line in other.stdout:
            refresh, csrf = line.decode().split()
            assert (await verifier.refresh(refresh)).user_id == 1
            assert (await verifier.csrf(csrf)).user_id == 1
            await verifier.access(token_of(signer, "access"))
            count += 1
        return count + (await other.wait())

    assert await asyncio.gather(*(follow(other) for other in others)) == [12, 12]
