"""Whether patients can be read, for the health of the whole (contract 3)."""
