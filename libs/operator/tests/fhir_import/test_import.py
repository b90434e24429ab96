"""The command: what it asks of whom, what it says, and how it ends."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from quill_common.identity.service_keys import ensure_service_keys
from quill_operator.fhir_import.services import RunningServices, ServiceFailed
from quill_operator.main import app
from typer.testing import CliRunner, Result


@dataclass
class World:
    """Patients, orgs and letters as an import sees them."""

    patients: dict[str, Any] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    letters: dict[str, Any] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    fails: str | None = None
    parked: dict[str, int] = field(default_factory=dict)

    def ask(self, service: str, method: str, path: str, body: Any = None) -> tuple[Any, list[str]]:
        self.asked.append(f"{method} {service}{path}")
        if self.fails == service:
            raise ServiceFailed(f"{service} answered 500", 500)
        if path == "/internal/projections":
            if service in self.pending:
                self.pending.remove(service)
            level = {"behind": 0, "state": "ok", "parked": self.parked.get(service, 0)}
            return {"patients": level, "orgs": level}, []
        if path == "/internal/organisations/7":
            return {"id": 7, "name": "Ward 7"}, []
        if service == "orgs" and method == "GET":
            raise ServiceFailed("orgs answered 404", 404)
        return self._import(service, body), list(self.pending)

    def _import(self, service: str, body: Any) -> Any:
        if service == "orgs":
            self.members.update(body["patient_ids"])
            return {"added": 0, "unknown": [i for i in body["patient_ids"] if i not in self.patients]}
        if service == "patients":
            assert body["organisation_id"] == 7
            results = [self._keep(self.patients, patient, "id") for patient in body["patients"]]
            self.members.update(result["id"] for result in results if result["outcome"] == "created")
            return {"results": results}
        known = [letter for letter in body["letters"] if letter["patient_id"] in self.patients]
        return {
            "results": [
                self._keep(self.letters, letter, "source_id")
                if letter in known
                else {"source_id": letter["source_id"], "outcome": "refused", "reason": "Patient not found"}
                for letter in body["letters"]
            ]
        }

    def _keep(self, kept: dict[str, Any], item: Any, key: str) -> Any:
        if item.get("gender") == "bad":
            return {"id": item["id"], "outcome": "refused", "reason": "gender: is bad"}
        outcome = "unchanged" if item[key] in kept else "created"
        kept[item[key]] = item
        return {key: item[key], "outcome": outcome}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr("quill_operator.fhir_import.command.RunningServices", lambda: world)
    return world


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bundles"
    folder.mkdir()
    for name in ("a", "b"):
        _write(folder / f"{name}.json", _patient(name), *(_note(f"{name}-{n}", name) for n in range(60)))
    return folder


def _write(file: Path, *resources: Any) -> None:
    entries = [{"fullUrl": f"urn:uuid:{r.get('id')}", "resource": r} for r in resources]
    file.write_bytes(orjson.dumps({"resourceType": "Bundle", "entry": entries}))


def _patient(patient_id: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": patient_id, **elements}


def _note(note_id: str, patient_id: str) -> dict[str, Any]:
    attachment = {"contentType": "text/plain", "data": base64.b64encode(note_id.encode()).decode()}
    return {
        "resourceType": "DocumentReference",
        "id": note_id,
        "status": "current",
        "subject": {"reference": f"urn:uuid:{patient_id}"},
        "date": "2020-01-01T00:00:00Z",
        "content": [{"attachment": attachment}],
    }


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["import-fhir", *map(str, arguments)])


def _row(result: Result, kind: str) -> list[int]:
    line = next(line for line in result.output.splitlines() if kind in line and "│" in line)
    return [int(cell) for cell in line.split() if cell.isdigit()]


def test_every_patient_and_note_goes_in(world: World, folder: Path) -> None:
    result = _run("--organisation", "7", folder)
    assert result.exit_code == 0, result.output
    assert (_row(result, "patients"), _row(result, "notes")) == ([2, 0, 0], [120, 0, 0])
    assert world.members == {"a", "b"}
    assert world.letters["a-3"]["body"] == "a-3"
    assert world.asked.count("POST letters/internal/import/letters") == 4  # 60 notes a file, 50 a call


def test_importing_twice_changes_nothing(world: World, folder: Path) -> None:
    _run("--organisation", "7", folder)
    result = _run("--organisation", "7", folder)
    assert result.exit_code == 0
    assert (_row(result, "patients"), _row(result, "notes")) == ([0, 2, 0], [0, 120, 0])


def test_patients_who_were_here_before_join_too(world: World, folder: Path) -> None:
    world.patients["a"] = _patient("a")
    result = _run("--organisation", "7", folder)
    assert _row(result, "patients") == [1, 1, 0]
    assert world.members == {"a", "b"}


def test_ndjson_files_are_about_each_other_and_patients_come_before_notes(world: World, tmp_path: Path) -> None:
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Fenn"}]}
    note = _note("n", "a") | {"author": [{"reference": "Practitioner/d"}], "subject": {"reference": "Patient/a"}}
    patients = {"Patient": [_patient("a")], "Patient.2": [_patient("b")]}
    for name, resources in (patients | {"DocumentReference": [note], "Practitioner": [doctor]}).items():
        (tmp_path / f"{name}.ndjson").write_bytes(b"\n".join(map(orjson.dumps, resources)))
    result = _run("--organisation", "7", tmp_path)
    assert (_row(result, "patients"), _row(result, "notes")) == ([2, 0, 0], [1, 0, 0]), result.output
    assert world.letters["n"]["author_name"] == "Fenn"


def test_numbers_arrive_with_their_digits(world: World, tmp_path: Path) -> None:
    extension = '{"url": "https://example.org/x", "valueDecimal": 1.50e1}'
    patient = f'{{"resourceType": "Patient", "id": "a", "extension": [{extension}]}}'
    (tmp_path / "Patient.ndjson").write_text(patient)
    (tmp_path / "b.json").write_text(f'{{"resourceType": "Bundle", "entry": [{{"resource": {patient}}}]}}')
    for name in ("Patient.ndjson", "b.json"):
        world.patients.clear()
        assert _run("--organisation", "7", tmp_path / name).exit_code == 0
        assert b'"valueDecimal":1.50e1' in orjson.dumps(world.patients["a"])


def test_it_ends_when_every_service_has_heard_of_everything(world: World, folder: Path) -> None:
    assert _run("--organisation", "7", folder / "a.json").exit_code == 0
    last = [asked for asked in world.asked if asked.endswith("/internal/projections")]
    assert {"GET messaging/internal/projections", "GET letters/internal/projections"} <= set(last)


def test_it_does_not_end_well_while_a_service_could_not_apply_what_came_in(world: World, folder: Path) -> None:
    world.parked = {"messaging": 2}
    result = _run("--organisation", "7", folder / "a.json")
    assert result.exit_code == 1
    output = " ".join(result.output.split())
    assert "messaging has put" in output
    assert "quill events parked messaging" in output
    assert "letters has put" not in output
    assert world.letters, "what can come in does"


def test_a_file_that_changes_while_it_is_read_ends_it(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, ask = folder / "a.json", world.ask

    def and_break(service: str, method: str, path: str, body: Any = None) -> Any:
        if path == "/internal/import/patients":
            file.write_text("{")
        return ask(service, method, path, body)

    monkeypatch.setattr(world, "ask", and_break)
    result = _run("--organisation", "7", file)
    assert result.exit_code == 1
    assert "has changed while it was read" in " ".join(result.output.split())


def test_what_is_broken_is_told_and_the_rest_still_goes_in(world: World, folder: Path) -> None:
    (folder / "aa.json").write_text("{")
    _write(folder / "ab.json", _patient("c", gender="bad"), _note("c-1", "c"), _note("x-1", "x"))
    result = _run("--organisation", "7", folder)
    assert result.exit_code == 1
    output = " ".join(result.output.split())
    assert f"{folder}/aa.json: file: is not JSON" in output
    assert f"{folder}/ab.json entry 0: Patient c: gender: is bad" in output
    assert f"{folder}/ab.json entry 1: DocumentReference c-1: its patient was refused" in output
    assert f"{folder}/ab.json entry 2: DocumentReference x-1: its subject is no patient" in output
    assert "1 files could not be read" in output
    assert (_row(result, "patients"), _row(result, "notes")) == ([2, 0, 1], [120, 0, 2])
    assert world.members == {"a", "b"}


def test_notes_of_a_patient_that_was_refused_do_not_go_to_who_has_that_id_here(world: World, tmp_path: Path) -> None:
    world.patients["p"] = _patient("p")
    _write(tmp_path / "other.json", _patient("p", gender="bad"), _note("n", "p"))
    result = _run("--organisation", "7", tmp_path)
    assert "DocumentReference n: its patient was refused" in " ".join(result.output.split())
    assert world.letters == {}


def test_text_that_no_terminal_and_no_service_takes_is_told_and_the_rest_goes_in(world: World, tmp_path: Path) -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    bad = [_patient("c", name=[{"family": "HALF"}]), _patient("d", name=deep), {**_note("HALF", "a"), "date": "x"}]
    _write(tmp_path / "a.json", *bad, _patient("a"), _note("n", "a"))
    text = (tmp_path / "a.json").read_text().replace("HALF", "\\ud800")
    (tmp_path / "a.json").write_text(text)
    result = _run("--organisation", "7", tmp_path)
    assert result.exit_code == 1
    assert (_row(result, "patients"), _row(result, "notes")) == ([1, 0, 2], [1, 0, 1]), result.output
    assert "\\ud800" in result.output


def test_notes_wait_until_letters_has_heard_of_the_patient(world: World, folder: Path) -> None:
    world.pending = ["letters"]
    assert _run("--organisation", "7", folder / "a.json").exit_code == 0
    wait, first = (
        world.asked.index(asked)
        for asked in ("GET letters/internal/projections", "POST letters/internal/import/letters")
    )
    assert wait < first


def test_an_unknown_organisation_ends_it_before_anything(world: World, folder: Path) -> None:
    result = _run("--organisation", "9", folder)
    assert result.exit_code == 1
    assert "There is no organisation 9" in result.output
    assert world.patients == {}


def test_a_service_that_fails_ends_it_with_a_message(world: World, folder: Path) -> None:
    world.fails = "letters"
    result = _run("--organisation", "7", folder)
    assert result.exit_code == 1
    assert "letters answered 500" in result.output
    assert "run the command again" in result.output


@pytest.mark.parametrize("arguments", [("--organisation", "0"), ("--organisation", "x"), ()])
def test_a_wrong_organisation_is_refused(folder: Path, arguments: tuple[str, ...]) -> None:
    assert _run(*arguments, folder).exit_code == 2


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    assert _run("--organisation", "7", tmp_path / "missing").exit_code == 2


Answer = Callable[[int], httpx.Response]


def _services(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: Answer) -> tuple[RunningServices, list[Any]]:
    ensure_service_keys(tmp_path)
    monkeypatch.setenv("QUILL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("QUILL_ORGS_URL", "http://orgs.test")
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(len(seen))

    return RunningServices(httpx.Client(transport=httpx.MockTransport(handle)), pause=0), seen


def test_a_call_carries_a_token_and_tells_who_has_yet_to_learn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ready = httpx.Response(200, json={"a": 1}, headers={"X-Quill-Pending": "letters,orgs"})
    services, seen = _services(monkeypatch, tmp_path, lambda _: ready)
    assert services.ask("orgs", "POST", "/internal/x", {"b": 2}) == ({"a": 1}, ["letters", "orgs"])
    assert seen[0].headers["authorization"].startswith("Bearer ")
    assert (str(seen[0].url), orjson.loads(seen[0].content)) == ("http://orgs.test/internal/x", {"b": 2})


def test_a_service_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def answer(number: int) -> httpx.Response:
        if number == 1:
            raise httpx.ConnectError("refused")
        return httpx.Response(503 if number == 2 else 200, json={})

    services, seen = _services(monkeypatch, tmp_path, answer)
    assert services.ask("orgs", "GET", "/internal/x") == ({}, [])
    assert len(seen) == 3


@pytest.mark.parametrize(("status", "asked"), [(503, 5), (404, 1), (500, 1)])
def test_but_not_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int, asked: int) -> None:
    services, seen = _services(monkeypatch, tmp_path, lambda _: httpx.Response(status))
    with pytest.raises(ServiceFailed, match=f"orgs answered {status}"):
        services.ask("orgs", "GET", "/internal/x")
    assert len(seen) == asked


def test_without_the_operators_key_it_says_where_to_look(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path
) -> None:
    monkeypatch.setenv("QUILL_DATA_DIR", str(tmp_path / "elsewhere"))
    result = _run("--organisation", "7", folder)
    assert result.exit_code == 1
    assert "is QUILL_DATA_DIR right?" in " ".join(result.output.split())
