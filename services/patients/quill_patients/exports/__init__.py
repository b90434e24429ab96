"""Patients for other systems, taken out by an operator."""
