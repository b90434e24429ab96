"""What messaging holds of a patient's record, for the FHIR door of the patients service."""
