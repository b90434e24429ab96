"""Outgoing mail: posted with a transaction, sent after its commit, at least once (decision 19)."""
