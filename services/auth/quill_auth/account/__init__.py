"""Accounts: self-registration and what administrators do with users."""
