"""The 21 base professions and what each may do (contract 10.3), as data."""

from quill_auth.cbac.kinds import Profession

PROFESSIONS = (
    Profession(
        "patient",
        "Patient",
        None,
        """
        access_patient_records
    """,
    ),
    Profession(
        "foundation_year_1",
        "Foundation Year 1 Doctor (FY1)",
        "GMC",
        """
        access_patient_records modify_patient_records perform_venepuncture perform_cannulation
        request_plain_xray take_informed_consent refer_specialty prescribe_non_controlled
        certify_fitness_to_work
    """,
    ),
    Profession(
        "foundation_year_2",
        "Foundation Year 2 Doctor (FY2)",
        "GMC",
        """
        access_patient_records modify_patient_records perform_venepuncture perform_cannulation
        request_plain_xray request_ct_scan request_mri_scan take_informed_consent refer_specialty
        admit_patient prescribe_non_controlled prescribe_controlled_schedule_3_4_5
        certify_fitness_to_work certify_death
    """,
    ),
    Profession(
        "specialty_trainee_1_2",
        "Specialty Trainee Year 1-2 (ST1-2)",
        "GMC",
        """
        access_patient_records modify_patient_records perform_venepuncture perform_cannulation
        request_plain_xray request_ct_scan request_mri_scan take_informed_consent assess_mental_capacity
        refer_specialty admit_patient prescribe_non_controlled prescribe_controlled_schedule_3_4_5
        certify_fitness_to_work certify_death certify_fitness_to_drive interpret_ecg
    """,
    ),
    Profession(
        "specialty_trainee_3_plus",
        "Specialty Trainee Year 3+ (ST3+)",
        "GMC",
        """
        access_patient_records modify_patient_records perform_venepuncture perform_cannulation
        perform_lumbar_puncture request_plain_xray request_ct_scan request_mri_scan take_informed_consent
        assess_mental_capacity refer_specialty admit_patient discharge_without_review
        prescribe_non_controlled prescribe_controlled_schedule_2 prescribe_controlled_schedule_3_4_5
        certify_fitness_to_work certify_death certify_fitness_to_drive approve_clinical_letters
        interpret_ecg manage_diabetes manage_anticoagulation
    """,
    ),
    Profession(
        "consultant",
        "Consultant",
        "GMC",
        """
        access_patient_records modify_patient_records perform_venepuncture perform_cannulation
        perform_lumbar_puncture perform_chest_drain perform_advanced_airway request_plain_xray
        request_ct_scan request_mri_scan take_informed_consent assess_mental_capacity
        apply_deprivation_of_liberty refer_specialty admit_patient discharge_without_review
        prescribe_non_controlled prescribe_controlled_schedule_2 prescribe_controlled_schedule_3_4_5
        certify_fitness_to_work certify_death certify_cremation certify_fitness_to_drive
        approve_clinical_letters interpret_ecg manage_diabetes manage_anticoagulation
    """,
    ),
    Profession(
        "general_practitioner",
        "General Practitioner (GP)",
        "GMC",
        """
        access_patient_records modify_patient_records perform_venepuncture perform_cannulation
        request_plain_xray request_ct_scan request_mri_scan take_informed_consent assess_mental_capacity
        refer_specialty prescribe_non_controlled prescribe_controlled_schedule_2
        prescribe_controlled_schedule_3_4_5 certify_fitness_to_work certify_death
        certify_fitness_to_drive approve_clinical_letters interpret_ecg
    """,
    ),
    Profession(
        "registered_nurse",
        "Registered Nurse (RN)",
        "NMC",
        """
        access_patient_records modify_patient_records perform_venepuncture perform_cannulation
        take_informed_consent refer_specialty certify_fitness_to_work
    """,
    ),
    Profession(
        "advanced_nurse_practitioner",
        "Advanced Nurse Practitioner (ANP)",
        "NMC",
        """
        access_patient_records modify_patient_records perform_venepuncture perform_cannulation
        request_plain_xray take_informed_consent assess_mental_capacity refer_specialty
        prescribe_non_controlled prescribe_controlled_schedule_3_4_5 certify_fitness_to_work
        approve_clinical_letters
    """,
    ),
    Profession(
        "healthcare_assistant",
        "Healthcare Assistant (HCA)",
        None,
        """
        access_patient_records perform_venepuncture
    """,
    ),
    Profession(
        "pharmacist",
        "Pharmacist",
        "GPhC",
        """
        access_patient_records modify_patient_records prescribe_non_controlled
        prescribe_controlled_schedule_3_4_5 certify_fitness_to_work
    """,
    ),
    Profession(
        "pharmacy_technician",
        "Pharmacy Technician",
        "GPhC",
        """
        access_patient_records
    """,
    ),
    Profession(
        "physiotherapist",
        "Physiotherapist",
        "HCPC",
        """
        access_patient_records modify_patient_records request_plain_xray take_informed_consent
        refer_specialty certify_fitness_to_work
    """,
    ),
    Profession(
        "occupational_therapist",
        "Occupational Therapist",
        "HCPC",
        """
        access_patient_records modify_patient_records take_informed_consent refer_specialty
    """,
    ),
    Profession(
        "paramedic",
        "Paramedic",
        "HCPC",
        """
        access_patient_records modify_patient_records perform_venepuncture perform_cannulation
        take_informed_consent refer_specialty prescribe_non_controlled certify_fitness_to_work
    """,
    ),
    Profession(
        "medical_secretary",
        "Medical Secretary",
        None,
        """
        access_patient_records access_clinic_admin
    """,
    ),
    Profession(
        "receptionist",
        "Receptionist",
        None,
        """
        access_clinic_admin
    """,
    ),
    Profession(
        "clinic_manager",
        "Clinic Manager",
        None,
        """
        access_patient_records access_clinic_admin manage_users
    """,
    ),
    Profession(
        "system_administrator",
        "System Administrator",
        None,
        """
        access_patient_records access_clinic_admin manage_users
    """,
    ),
    Profession(
        "learner",
        "Learner",
        None,
        """
        view_teaching_cases
    """,
    ),
    Profession(
        "educator",
        "Educator",
        None,
        """
        view_teaching_cases manage_teaching_content view_teaching_analytics
    """,
    ),
)
