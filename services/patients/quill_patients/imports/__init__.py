"""Patients of other systems, brought in by an operator."""
