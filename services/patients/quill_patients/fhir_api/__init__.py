"""The standard FHIR R4 door, `/api/fhir/R4`: patients for clients that know FHIR and not Quill (decision 26)."""
