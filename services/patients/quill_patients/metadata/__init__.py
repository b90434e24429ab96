"""Whether a patient is listed (contract 6.8 to 6.10)."""
