"""The public keys that verify user tokens."""
