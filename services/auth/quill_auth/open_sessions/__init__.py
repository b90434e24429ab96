"""The sessions that an account has open: seen and ended by its owner, by administrators and by operators."""
