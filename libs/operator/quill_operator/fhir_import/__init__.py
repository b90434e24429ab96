"""`quill import-fhir`: patients and clinical notes out of FHIR R4 bundles and NDJSON."""
