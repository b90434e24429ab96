"""The Patient resource: created, read, listed, changed (contract 6.1, 6.2, 6.4, 6.5)."""
