"""Sessions: sign-in, renewal, sign-out, and who is calling."""
