"""Made-up patients are valid, each is another, and they can be made again."""

from pathlib import Path

import orjson
import pytest
from quill_common.fhir.validation import validate
from quill_operator.bench.made_up_patients import check_digit, made_up_patients
from quill_operator.fhir_import.reading import entries
from quill_operator.main import app
from typer.testing import CliRunner


@pytest.mark.parametrize(("nine", "digit"), [(943476591, 9), (401023213, 7), (100000000, 1), (100000001, None)])
def test_the_check_digit_is_that_of_the_nhs(nine: int, digit: int | None) -> None:
    expected = (11 - sum((10 - at) * int(d) for at, d in enumerate(str(nine))) % 11) % 11
    assert check_digit(nine) == (None if expected == 10 else expected) == digit


def test_each_is_valid_and_has_identifiers_of_its_own() -> None:
    patients = list(made_up_patients(500))
    for patient in patients:
        validate(patient, "Patient")
    for number in (0, 1):
        assert len({patient["identifier"][number]["value"] for patient in patients}) == 500
    assert len({patient["id"] for patient in patients}) == 500
    assert patients == list(made_up_patients(500))


@pytest.mark.parametrize("name", ["Patient.ndjson", "bundle.json"])
def test_the_file_is_one_that_can_be_imported(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    answer = CliRunner().invoke(app, ["bench", "make-patients", "--count", "3", "--out", str(file)])
    assert answer.exit_code == 0, answer.output
    assert [orjson.dumps(entry.resource) for entry in entries(file)] == [orjson.dumps(p) for p in made_up_patients(3)]  # type: ignore[union-attr]  # all are entries
