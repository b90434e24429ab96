"""Engines, readers and writers, roles, migrations."""
