"""Competencies: what a person may do, from profession, additions and removals."""
