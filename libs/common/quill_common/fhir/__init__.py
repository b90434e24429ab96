"""FHIR R4 resources: kept with every version as the JSON text that is sent, and checked before they are stored."""
