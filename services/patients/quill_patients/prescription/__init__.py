"""Prescriptions of Schedule 2 controlled drugs (contract 6.11)."""
