"""Invitations of people outside the organisations to one patient's record, and their acceptance."""
