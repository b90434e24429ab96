"""Which passwords are taken."""

import pytest
from quill_auth.passwords.policy import PasswordTooCommon, most_used, require_uncommon
from quill_auth.settings import Settings
from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit

WORDS = frozenset({"quill", "st mary's"})
ADA = ("Ada.L", "lovelace+nhs@example.org")


def refused(password: str, username: str = ADA[0], email: str = ADA[1]) -> bool:
    try:
        require_uncommon(password, username, email, WORDS)
    except PasswordTooCommon:
        return True
    return False


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "12345678",
        "QWERTYUIOP",
        "Summer2025!",
        "Monkey123",
        "liverpool1",
        "baseball",
        "trustno1",
        "pernille",
    ],
)
def test_the_most_used_are_refused(password: str) -> None:
    assert refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "quill",
        "QUILL2026!",
        "2026-Quill-2026",
        "!!!quill!!!",
        "St Mary's 1851",
        "ada.l",
        "12_Ada.L_34",
        "ADA.L2026",
        "lovelace+nhs",
        "Lovelace+NHS 1815",
        "lovelace+NHS@example.org",
        "lovelace+nhs@example.org1",
        "quill١٢٣٤",
    ],
)
def test_a_word_that_belongs_here_with_digits_and_punctuation_is_refused(password: str) -> None:
    assert refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "a quiet Tuesday",
        "a quill of ink",
        "quillwort 12",
        "tranquillity 9",
        "ada and ben 12",
        "lovelace 1815 rhyme",
        "quill2026x",
        "72 91 40 33 18 5",
    ],
)
def test_longer_ones_that_only_contain_it_are_taken(password: str) -> None:
    assert not refused(password)


def test_a_name_of_digits_alone_is_refused_itself_and_not_looked_for_in_others() -> None:
    assert refused("9434765919", "9434765919")
    assert not refused("72 91 40 33 18 5", "3", "5@example.org")
    assert not refused("72 91 40 33 18 5", "", "")


def test_the_list_holds_as_many_as_asvs_asks_for_and_only_those_that_could_be_chosen() -> None:
    assert len(most_used()) > 5_000
    assert all(len(password) >= 8 and password == password.casefold() for password in most_used())


def test_the_list_is_read_once() -> None:
    most_used.cache_clear()
    assert most_used() is most_used()


@pytest.mark.parametrize(
    ("value", "words"),
    [(" Quill, St Mary's ,,WARD 7", {"quill", "st mary's", "ward 7"}), ('["Leeds"]', {"leeds"}), ("", set())],
)
def test_a_site_names_its_words(monkeypatch: pytest.MonkeyPatch, value: str, words: set[str]) -> None:
    monkeypatch.setenv("QUILL_PASSWORD_WORDS", value)
    assert Settings(database_url="postgresql://x").password_words == words


async def test_wherever_a_password_is_set_the_words_are_refused(kit: ServiceKit, people: People) -> None:
    admin = await people.visitor("admin")
    new = {"name": "Ben", "username": "ben.h", "email": "henry@example.org"}
    body = {"username": "ben.h", "email": "henry@example.org"}
    for password in ("Quill-2026", "ben.h1234", "henry!!1901"):
        answers = [
            await kit.anonymous.post("/api/auth/register", json={**body, "password": password}),
            await admin.client.post("/api/users", json={**new, "password": password}),
        ]
        assert [(each.status_code, each.json()) for each in answers] == [(400, {"detail": "Password too common"})] * 2
    user_id, _ = await people.account(username="ben.h", email="henry@example.org")
    for password in ("Quill-2026", "ben.h1234", "henry!!1901"):
        answer = await admin.client.patch(f"/api/users/{user_id}", json={"password": password})
        assert (answer.status_code, answer.json()) == (400, {"detail": "Password too common"})
