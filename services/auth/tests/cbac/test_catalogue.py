"""The catalogue of competencies and professions, and their resolution."""

import pytest
from quill_auth.cbac.catalogue import COMPETENCY_BY_ID, PROFESSION_BY_ID, resolve
from quill_auth.cbac.professions import PROFESSIONS
from quill_common.access.competencies import COMPETENCIES

# Contract 10.3, in its order.
SIZES = {
    "patient": 1,
    "foundation_year_1": 9,
    "foundation_year_2": 14,
    "specialty_trainee_1_2": 17,
    "specialty_trainee_3_plus": 23,
    "consultant": 27,
    "general_practitioner": 18,
    "registered_nurse": 7,
    "advanced_nurse_practitioner": 12,
    "healthcare_assistant": 2,
    "pharmacist": 5,
    "pharmacy_technician": 1,
    "physiotherapist": 6,
    "occupational_therapist": 4,
    "paramedic": 8,
    "medical_secretary": 2,
    "receptionist": 1,
    "clinic_manager": 3,
    "system_administrator": 3,
    "learner": 1,
    "educator": 3,
}


def test_there_are_32_competencies_and_21_professions() -> None:
    assert len(COMPETENCIES) == len(COMPETENCY_BY_ID) == 32
    assert len(PROFESSIONS) == len(PROFESSION_BY_ID) == 21


def test_each_profession_has_as_many_competencies_as_the_contract_lists() -> None:
    assert {profession.id: len(profession.competencies) for profession in PROFESSIONS} == SIZES


def test_professions_name_only_known_competencies() -> None:
    for profession in PROFESSIONS:
        assert profession.competencies <= COMPETENCY_BY_ID.keys(), profession.id


def test_risks_and_times_are_those_of_the_contract() -> None:
    risks = [competency.risk for competency in COMPETENCIES]
    assert {risk: risks.count(risk) for risk in ("low", "medium", "high")} == {"low": 10, "medium": 10, "high": 12}
    assert {competency.kept_days for competency in COMPETENCIES} == {365, 730, 2555}
    supervised = {competency.id for competency in COMPETENCIES if competency.supervised}
    assert supervised == {"perform_lumbar_puncture", "perform_chest_drain", "perform_advanced_airway"}


def test_registration_bodies() -> None:
    bodies = {profession.id: profession.registration for profession in PROFESSIONS if profession.registration}
    assert [list(bodies.values()).count(body) for body in ("GMC", "NMC", "GPhC", "HCPC")] == [6, 2, 2, 3]
    assert COMPETENCY_BY_ID["prescribe_non_controlled"].registration == ("GMC", "NMC", "GPhC")


@pytest.mark.parametrize(
    ("profession", "additional", "removed", "final"),
    [
        ("receptionist", [], [], ["access_clinic_admin"]),
        ("receptionist", ["interpret_ecg", "interpret_ecg"], [], ["access_clinic_admin", "interpret_ecg"]),
        ("receptionist", ["interpret_ecg"], ["interpret_ecg"], ["access_clinic_admin"]),
        ("healthcare_assistant", [], ["access_patient_records"], ["perform_venepuncture"]),
        ("wizard", ["interpret_ecg"], [], ["interpret_ecg"]),
        ("patient", [], ["certify_death"], ["access_patient_records"]),
    ],
)
def test_removal_wins_and_the_result_is_sorted(
    profession: str, additional: list[str], removed: list[str], final: list[str]
) -> None:
    assert resolve(profession, additional, removed) == final
