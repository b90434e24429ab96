"""`quill export-fhir`: every FHIR resource, as NDJSON."""
