"""Organisations that a caller and a patient have in common."""
