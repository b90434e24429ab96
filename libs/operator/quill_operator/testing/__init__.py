"""Doubles for tests of the operator."""
