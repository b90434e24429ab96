"""Patients in a FHIR server that the site has already (contract 13.1)."""
