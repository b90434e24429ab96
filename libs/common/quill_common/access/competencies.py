"""The 32 competencies (contract 10.2), as data: auth gives them out, every service asks for them."""

from dataclasses import dataclass
from typing import Final, Literal

Risk = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Competency:
    """Something a person may do. `kept_days` is how long its audit entries are to be kept."""

    id: str
    category: str
    risk: Risk
    registration: tuple[str, ...]
    kept_days: int
    allows: str
    supervised: bool = False


COMPETENCIES = (
    Competency(
        "prescribe_non_controlled",
        "prescribing",
        "medium",
        ("GMC", "NMC", "GPhC"),
        2555,
        "write prescriptions for ordinary prescription-only medicines",
    ),
    Competency(
        "prescribe_controlled_schedule_2",
        "prescribing",
        "high",
        ("GMC",),
        2555,
        "write prescriptions for the strongest controlled drugs, opioids such as morphine among them",
    ),
    Competency(
        "prescribe_controlled_schedule_3_4_5",
        "prescribing",
        "medium",
        ("GMC", "NMC"),
        2555,
        "write prescriptions for the less strictly controlled drugs, for example benzodiazepines",
    ),
    Competency(
        "certify_death",
        "certification",
        "high",
        ("GMC",),
        2555,
        "confirm a death and sign the medical certificate of its cause",
    ),
    Competency(
        "certify_cremation",
        "certification",
        "high",
        ("GMC",),
        2555,
        "sign the forms that permit a cremation; five years after qualifying at the earliest",
    ),
    Competency("certify_fitness_to_work", "certification", "low", ("GMC", "NMC"), 730, "issue fit notes for employers"),
    Competency(
        "certify_fitness_to_drive",
        "certification",
        "medium",
        ("GMC",),
        2555,
        "state whether someone is medically fit to drive, including notice to the licensing agency",
    ),
    Competency("perform_venepuncture", "procedures", "low", (), 365, "take blood from a vein"),
    Competency("perform_cannulation", "procedures", "low", (), 365, "place a peripheral drip line"),
    Competency(
        "perform_lumbar_puncture",
        "procedures",
        "high",
        ("GMC",),
        2555,
        "enter the spinal canal to take fluid or give drugs",
        supervised=True,
    ),
    Competency(
        "perform_chest_drain",
        "procedures",
        "high",
        ("GMC",),
        2555,
        "place a tube between the ribs to drain the chest",
        supervised=True,
    ),
    Competency(
        "perform_advanced_airway",
        "procedures",
        "high",
        ("GMC",),
        2555,
        "intubate and use other advanced ways to secure breathing",
        supervised=True,
    ),
    Competency(
        "discharge_without_review",
        "patient_management",
        "high",
        ("GMC",),
        2555,
        "send a patient home without a senior looking first",
    ),
    Competency(
        "admit_patient", "patient_management", "medium", ("GMC",), 2555, "clerk a patient and decide on admission"
    ),
    Competency(
        "refer_specialty", "patient_management", "low", ("GMC", "NMC"), 730, "refer a patient to another specialty"
    ),
    Competency(
        "take_informed_consent",
        "consent",
        "medium",
        ("GMC", "NMC"),
        2555,
        "obtain consent for a procedure or treatment",
    ),
    Competency(
        "assess_mental_capacity", "consent", "high", ("GMC",), 2555, "judge decision-making capacity under the 2005 Act"
    ),
    Competency(
        "apply_deprivation_of_liberty",
        "consent",
        "high",
        ("GMC",),
        2555,
        "start an application that lawfully restricts a patient's liberty",
    ),
    Competency("request_plain_xray", "diagnostics", "low", (), 730, "order ordinary X-ray pictures"),
    Competency("request_ct_scan", "diagnostics", "medium", ("GMC",), 730, "order computed tomography"),
    Competency("request_mri_scan", "diagnostics", "low", ("GMC",), 730, "order magnetic resonance imaging"),
    Competency("access_patient_records", "administrative", "low", (), 2555, "read patient records"),
    Competency(
        "modify_patient_records",
        "administrative",
        "medium",
        ("GMC", "NMC", "GPhC", "HCPC"),
        2555,
        "change and add to patient records",
    ),
    Competency(
        "access_clinic_admin", "administrative", "low", (), 730, "use scheduling and other non-clinical administration"
    ),
    Competency(
        "approve_clinical_letters",
        "administrative",
        "medium",
        ("GMC",),
        2555,
        "approve and sign letters before they go out",
    ),
    Competency("manage_users", "administrative", "high", (), 2555, "create, change and switch off accounts"),
    Competency(
        "manage_diabetes",
        "specialty",
        "medium",
        ("GMC",),
        2555,
        "run diabetes treatment independently, insulin and pumps included",
    ),
    Competency(
        "manage_anticoagulation",
        "specialty",
        "high",
        ("GMC",),
        2555,
        "run blood-thinning treatment and its monitoring independently",
    ),
    Competency("interpret_ecg", "specialty", "high", ("GMC",), 2555, "read heart tracings without a second opinion"),
    Competency("view_teaching_cases", "teaching", "low", (), 2555, "sit teaching assessments"),
    Competency(
        "manage_teaching_content",
        "teaching",
        "medium",
        (),
        2555,
        "maintain question banks and see all candidates' results",
    ),
    Competency("view_teaching_analytics", "teaching", "low", (), 2555, "see results in aggregate"),
)

HIGH_RISK: Final = frozenset(competency.id for competency in COMPETENCIES if competency.risk == "high")
"""Each check for one of these is put on record, granted or refused (contract 10.1)."""
