"""`quill users`: what it asks of auth, what it says, and how it ends."""

import httpx
import pytest
from quill_operator.main import app
from quill_operator.testing.accounts import AccountsDouble
from typer.testing import CliRunner, Result

PASSWORD = "a quiet Tuesday afternoon"
NEW = ("create", "cleo", "--email", "cleo@example.org")


def users(*words: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["users", *words], input=stdin)


def refused(answer: Result, message: str) -> None:
    assert answer.exit_code == 1, answer.output
    assert message in answer.stderr
    assert "Traceback" not in answer.output


def test_the_list_shows_all_pages_and_who_is_switched_off(auth: AccountsDouble) -> None:
    shown = users("list").stdout
    assert all(name in shown for name in ("ada", "ben", "root", "superadmin", "Clinician"))
    assert [line for line in shown.splitlines() if "switched off" in line] == [
        line for line in shown.splitlines() if "ben" in line
    ]


@pytest.mark.parametrize("user", ["ada", "3"])
def test_an_account_is_shown_by_name_or_id(auth: AccountsDouble, user: str) -> None:
    shown = users("show", user).stdout
    assert "ada@example.org" in shown
    assert "Clinician" in shown


@pytest.mark.parametrize("words", [("show",), ("roles", "--none"), ("deactivate",), ("activate",), ("reset-totp",)])
def test_an_unknown_account_is_refused_by_name(auth: AccountsDouble, words: tuple[str, ...]) -> None:
    refused(users(*words, "nobody"), "There is no account 'nobody'")
    assert auth.changes == []


def test_a_name_that_is_also_an_id_is_never_guessed_at(auth: AccountsDouble) -> None:
    auth.add(9, "3")
    refused(users("deactivate", "3"), "'ada' with the id 3, '3' with the id 9")
    assert auth.changes == []
    assert users("deactivate", "9").exit_code == 0
    assert auth.changes == [("POST", "/internal/users/9/deactivate", None)]


def test_a_new_account_takes_its_password_from_the_standard_input(auth: AccountsDouble) -> None:
    words = ("--level", "staff", "--name", "Cleo", "--profession", "pharmacist", "--role", "Clinician")
    answer = users(*NEW, *words, stdin=f"{PASSWORD}\n")
    assert answer.exit_code == 0, answer.output
    assert "cleo can sign in; the id is 77" in answer.stdout
    assert PASSWORD not in answer.output
    assert auth.changes == [
        (
            "POST",
            "/internal/users",
            {
                "username": "cleo",
                "name": "Cleo",
                "email": "cleo@example.org",
                "system_permissions": "staff",
                "base_profession": "pharmacist",
                "roles": ["Clinician"],
                "password": PASSWORD,
            },
        )
    ]


def test_a_first_superadmin_needs_no_more_than_name_and_address(auth: AccountsDouble) -> None:
    assert users(*NEW, "--level", "superadmin", stdin=PASSWORD).exit_code == 0
    [(_, _, body)] = auth.changes
    assert (body["base_profession"], body["roles"]) == ("system_administrator", ["System Administrator"])


def test_what_is_not_said_is_left_to_the_rules_of_auth(auth: AccountsDouble) -> None:
    assert users(*NEW, "--level", "staff", stdin=PASSWORD).exit_code == 0
    [(_, _, body)] = auth.changes
    assert set(body) == {"username", "name", "email", "system_permissions", "password"}


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(
    auth: AccountsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    answer = users(*NEW, "--level", "staff", stdin=f"{PASSWORD}\nanother\n{PASSWORD}\n{PASSWORD}\n")
    assert answer.exit_code == 0, answer.output
    assert PASSWORD not in answer.output
    assert auth.changes[0][2]["password"] == PASSWORD


@pytest.mark.parametrize(("stdin", "message"), [("", "standard input"), ("\n", "standard input"), (b"\xff\n", "UTF-8")])
def test_without_a_password_nothing_is_asked(auth: AccountsDouble, stdin: str | bytes, message: str) -> None:
    refused(users(*NEW, "--level", "staff", stdin=stdin), message)
    assert auth.changes == []


def test_no_option_takes_a_password(auth: AccountsDouble) -> None:
    assert users(*NEW, "--level", "staff", "--password", PASSWORD).exit_code == 2


def test_a_name_that_is_taken_is_said_before_the_password(auth: AccountsDouble) -> None:
    refused(users("create", "ada", "--email", "x@example.org", "--level", "staff"), "There is an account 'ada' already")


def test_listed_roles_replace_those_of_before(auth: AccountsDouble) -> None:
    answer = users("roles", "ada", "Clinician", "Patient Advocate")
    assert "ada has Clinician, Patient Advocate" in answer.stdout
    assert "ada has no roles" in users("roles", "ada", "--none").stdout
    path = "/internal/users/3/roles"
    assert auth.changes == [
        ("PUT", path, {"roles": ["Clinician", "Patient Advocate"]}),
        ("PUT", path, {"roles": []}),
    ]


@pytest.mark.parametrize("words", [("roles", "ada"), ("roles", "ada", "Clinician", "--none")])
def test_roles_are_taken_away_only_when_that_is_said(auth: AccountsDouble, words: tuple[str, ...]) -> None:
    refused(users(*words), "--none")
    assert auth.changes == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("deactivate", "ada is switched off and signed out everywhere"),
        ("activate", "ada can sign in again"),
        ("reset-totp", "ada has no second factor any more"),
    ],
)
def test_a_switch_says_what_it_did(auth: AccountsDouble, command: str, said: str) -> None:
    answer = users(command, "ada")
    assert answer.exit_code == 0, answer.output
    assert said in answer.stdout
    assert auth.changes == [("POST", f"/internal/users/3/{command}", None)]


def test_a_refusal_is_told_in_the_words_of_auth(auth: AccountsDouble) -> None:
    auth.refusal = httpx.Response(409, json={"detail": "At least one active superadmin must remain"})
    refused(users("deactivate", "root"), "auth answered 409: At least one active superadmin must remain")


def test_each_field_that_is_wrong_is_named(auth: AccountsDouble) -> None:
    wrong = [{"type": "value_error", "loc": ["body", "roles", 0], "msg": "names an unknown role"}]
    auth.refusal = httpx.Response(422, json={"detail": wrong})
    refused(users("roles", "ada", "Wizard"), "auth answered 422: roles.0: names an unknown role")


@pytest.mark.parametrize("body", [b"<html>", b'{"other": 1}', b"[]", b'{"detail": 5}', b'{"detail": ["x"]}'])
def test_an_answer_that_is_not_ours_is_shown_as_it_is(auth: AccountsDouble, body: bytes) -> None:
    auth.refusal = httpx.Response(502, content=body)
    refused(users("activate", "ada"), f"auth answered 502: {body.decode()}")


def test_who_has_not_heard_yet_is_named(auth: AccountsDouble) -> None:
    auth.pending = "letters,orgs"
    answer = users("deactivate", "ada")
    assert answer.exit_code == 0
    assert "not yet in force in letters,orgs" in answer.stdout


def test_names_are_shown_as_text_not_as_markup(auth: AccountsDouble) -> None:
    auth.add(6, "[red]mallory[/red]")
    assert "[red]mallory[/red]" in users("list").stdout
    assert "[red]mallory[/red] is switched off" in users("deactivate", "6").stdout
