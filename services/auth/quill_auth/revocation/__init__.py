"""Which sessions ended before their time, for the gateway."""
