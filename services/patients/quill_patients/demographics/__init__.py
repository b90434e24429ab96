"""The demographics of a patient, in two vocabularies (contract 6.6, 6.7)."""
