"""Messages: send and correct, each kept as a FHIR Communication."""
