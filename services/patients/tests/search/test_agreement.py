"""SQL and the matcher in memory find the same patients, and SQL none that rule P does not allow."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quill_common.access.policy import clinically_visible
from quill_common.access.principal import principal_of
from quill_common.access.tables import AccessGrant, AccessPatientMember
from quill_common.http.paging import Page
from quill_common.testing.kit import ServiceKit
from quill_patients.metadata.tables import PatientMetadata
from quill_patients.patient import repository
from quill_patients.patient.builtin import BuiltInPatients
from quill_patients.patient.tables import Patient
from quill_patients.search.columns import days_of
from quill_patients.search.matching import Candidate, matches
from quill_patients.search.parameters import BadParameter, criteria_of, fhir_criteria
from quill_patients.search.wanted import Wanted
from sqlalchemy import delete, insert, update

_LATIN = ["Marsh", "marshall", "Mar", "O'Brien", "obrien", "Smith-Jones", "jones", "van der Berg", "der berg", "Dr"]
_OTHER = [
    "Ångström",
    "ang",
    "Groß",
    "gross",
    "İnönü",
    "isik",
    "Işık",
    "王",
    "小明",
    "Zoe\u0308",
    "🙂",
    "x'y\\",
    "%",
    "_",
]
WORDS = st.sampled_from([*_LATIN, *_OTHER, "a", "%", "_", "1980-02"])
TEXTS = st.one_of(WORDS, st.lists(WORDS, min_size=2, max_size=3).map(" ".join), st.text(min_size=1, max_size=6))
SAFE = TEXTS.filter(lambda text: text.strip() and "\x00" not in text and "\ufffd" not in text and text.isprintable())
DATES = st.sampled_from(["1979", "1980", "1980-01", "1980-02", "1980-02-28", "1980-02-29", "1980-03-01", "1981-12-31"])
SYSTEMS = st.sampled_from(["https://fhir.nhs.uk/x", "http://hospital.example.org/mrn", "a|b"])
VALUES = st.sampled_from(["9434765919", "A-17", "a-17", "1 2", "x,y", "x|y", "1980"])
GENDERS = st.sampled_from(["male", "female", "other", "unknown"])

NAMES = st.fixed_dictionaries(
    {},
    optional={
        "family": SAFE,
        "given": st.lists(SAFE, min_size=1, max_size=2),
        "prefix": st.lists(SAFE, min_size=1, max_size=1),
        "suffix": st.lists(SAFE, min_size=1, max_size=1),
        "text": SAFE,
    },
)
IDENTIFIERS = st.fixed_dictionaries({}, optional={"system": SYSTEMS, "value": VALUES})
PATIENTS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.lists(NAMES, max_size=2),
        "birthDate": DATES,
        "gender": GENDERS,
        "identifier": st.lists(IDENTIFIERS, max_size=2),
    },
)

PREFIXED = st.builds(str.__add__, st.sampled_from(["", "eq", "ne", "lt", "le", "gt", "ge", "sa", "eb"]), DATES)
TIMES = st.sampled_from(
    ["2026", "2026-01-02", "2026-01-02T03:04", "2026-01-02T03:04:05Z", "2026-01-02T04:04:05.006+01:00"]
)
PREFIXED_TIMES = st.builds(str.__add__, st.sampled_from(["", "ne", "lt", "le", "gt", "ge", "sa", "eb"]), TIMES)
TOKENS = st.one_of(
    VALUES.map(lambda value: value.replace(",", "\\,").replace("|", "\\|")),
    st.builds(
        lambda s, v: s.replace("|", "\\|") + "|" + v.replace(",", "\\,"), st.one_of(st.just(""), SYSTEMS), VALUES
    ),
    SYSTEMS.map(lambda system: system.replace("|", "\\|") + "|"),
)


def _either(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=2).map(",".join)


STRINGS = [f"{name}{how}" for name in ("name", "family", "given") for how in ("", ":exact", ":contains")]
FHIR = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(STRINGS), _either(SAFE)),
        st.tuples(st.just("birthdate"), _either(PREFIXED)),
        st.tuples(st.just("_lastUpdated"), _either(PREFIXED_TIMES)),
        st.tuples(st.just("gender"), _either(GENDERS)),
        st.tuples(st.just("identifier"), _either(TOKENS)),
        st.tuples(st.just("_id"), _either(st.sampled_from(["p0", "p1", "p9", "no/id"]))),
    ),
    max_size=3,
)
OWN = st.lists(
    st.one_of(st.tuples(st.just("q"), SAFE), st.tuples(st.just("active"), st.sampled_from(["true", "false"])))
)

STAMPS = [
    datetime(2026, 1, 2, 3, 4, 5, 6000, UTC),
    datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    datetime(2025, 12, 31, tzinfo=UTC),
]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    patients=st.lists(PATIENTS, min_size=1, max_size=4),
    searches=st.lists(st.tuples(FHIR, OWN, st.booleans()), min_size=6, max_size=12),
    seen=st.sets(st.integers(0, 3)),
    inactive=st.sets(st.integers(0, 3)),
)
async def test_sql_finds_what_the_matcher_finds_among_those_that_the_caller_may_see(
    kit: ServiceKit, patients: list[Any], searches: list[Any], seen: set[int], inactive: set[int]
) -> None:
    person = await kit.person("staff", organisations=(7,), patient_id="p3")
    candidates = await _store(kit, patients, seen, inactive, person.id)
    async with kit.parts.database.reader() as reader:
        principal = await principal_of(reader, person.id, "s")
        assert principal is not None
        visible = set(await reader.values(clinically_visible(principal)))
        for fhir, own, lifted in searches:
            try:
                criteria = (*fhir_criteria(fhir), *criteria_of(own))
            except BadParameter:
                continue  # of punctuation alone
            for wanted in (Wanted(lifted, lifted, criteria), Wanted(lifted, not lifted, criteria)):
                rows = await repository.listed(reader, principal, wanted, Page())
                expected = {
                    patient_id
                    for patient_id, candidate in candidates.items()
                    if matches(wanted, candidate) and (wanted.everyone or patient_id in visible)
                }
                assert {row.id for row in rows} == expected, (fhir, own)
                assert len(rows) == await repository.counted(reader, principal, wanted)


async def _store(
    kit: ServiceKit, patients: list[Any], seen: set[int], inactive: set[int], user_id: int
) -> dict[str, Candidate]:
    """The patients, those of `seen` in the caller's organisation or, every second, granted to it."""
    candidates = {}
    async with kit.parts.database.writer() as writer:
        for table in (PatientMetadata, Patient, AccessPatientMember, AccessGrant):
            await writer.execute(delete(table))
        await writer.execute(delete(Patient.metadata.tables["fhir_patient_version"]))
        for number, elements in enumerate(patients):
            patient_id = f"p{number}"
            stored = await BuiltInPatients().create(writer, {"resourceType": "Patient", "id": patient_id, **elements})
            at = STAMPS[number % 3]
            await writer.execute(update(Patient).where(Patient.id == patient_id).values(last_updated=at))
            resource = {**stored.resource(), "meta": {"lastUpdated": at.isoformat()}}
            candidates[patient_id] = Candidate(resource, is_active=number not in inactive)
            if number in inactive:
                await writer.execute(insert(PatientMetadata).values(patient_id=patient_id, is_active=False))
            if number in seen and number % 2:
                await writer.execute(insert(AccessGrant).values(user_id=user_id, patient_id=patient_id))
            elif number in seen:
                await writer.execute(insert(AccessPatientMember).values(patient_id=patient_id, organisation_id=7))
    return candidates


@given(prefix=st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "sa", "eb"]), asked=DATES, born=DATES)
def test_dates_compare_as_the_days_that_they_stand_for(prefix: str, asked: str, born: str) -> None:
    """R4 by its own words, day by day: what is contained, what intersects."""
    days = _ordinals(asked), _ordinals(born)
    value, target = days
    contained, below, above = target <= value, any(d < min(value) for d in target), any(d > max(value) for d in target)
    expected = {
        "eq": contained,
        "ne": not contained,
        "lt": below,
        "gt": above,
        "le": below or contained,
        "ge": above or contained,
        "sa": all(d > max(value) for d in target),
        "eb": all(d < min(value) for d in target),
    }
    wanted = Wanted(criteria=fhir_criteria([("birthdate", prefix + asked)]))
    assert matches(wanted, Candidate({"birthDate": born})) is expected[prefix]


def _ordinals(text: str) -> set[int]:
    days = days_of(text)
    assert days is not None
    return set(range(days[0].toordinal(), days[1].toordinal() + 1))
