"""Every version of a patient's record (beyond the contract)."""
