"""Patient resources as Quill's own forms make and change them (contract 6.2, 6.5 and 11.1). Pure functions."""

from typing import Any, Final

from quill_common.fhir.resource import Resource

from quill_patients.patient.identifiers import MRN, NHS_NUMBER, set_identifier
from quill_patients.patient.naming import set_official_name
from quill_patients.patient.schemas import PatientCreateIn, PatientUpdateIn

AVATAR: Final = "urn:quillmedical:avatar-gradient"
AVATARS: Final = 30


def new_patient(patient_id: str, avatar: int, fields: PatientCreateIn) -> Resource:
    """A resource with what is known; parts that are unknown are absent."""
    resource: Resource = {
        "resourceType": "Patient",
        "id": patient_id,
        "extension": [avatar_extension(avatar)],
    }
    set_fields(resource, fields)
    return resource


def set_fields(resource: Resource, fields: PatientCreateIn | PatientUpdateIn) -> None:
    """Set what is given; nothing else in the resource changes."""
    for system, value in ((NHS_NUMBER, fields.nhs_number), (MRN, fields.mrn)):
        if value is not None:
            set_identifier(resource, system, value)
    if fields.given_name is not None or fields.family_name is not None:
        set_official_name(resource, fields.given_name, fields.family_name)
    set_element(resource, "gender", fields.gender)
    set_element(resource, "birthDate", fields.birth_date)


def set_element(resource: Resource, name: str, value: Any) -> None:
    """Set an element, unless the value is None."""
    if value is not None:
        resource[name] = value


def avatar_extension(avatar: int) -> dict[str, Any]:
    """What every patient gets on creation; 0 to 29."""
    return {"url": AVATAR, "valueInteger": avatar}


def avatars_of(resource: Resource) -> list[dict[str, Any]]:
    """The avatar as it stands in the resource: a list of one, of none in what came from elsewhere."""
    return [extension for extension in resource.get("extension") or [] if extension.get("url") == AVATAR]


def set_avatars(resource: Resource, avatars: list[dict[str, Any]]) -> None:
    """Give it these avatars and no others; further extensions stay."""
    if avatars_of(resource) == avatars:
        return
    others = [extension for extension in resource.get("extension") or [] if extension.get("url") != AVATAR]
    resource["extension"] = [*avatars, *others]
    if not resource["extension"]:
        del resource["extension"]


def gives_nothing(fields: PatientUpdateIn) -> bool:
    """Whether every field is left as it is."""
    return all(value is None for value in fields.model_dump(exclude={"patient_id"}).values())
