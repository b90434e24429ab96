"""The second factor: TOTP, recovery codes, and who must have one."""
