"""Whether a patient is ready for clinical work (contract 6.3)."""
