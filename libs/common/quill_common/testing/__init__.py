"""Real servers and running services for tests."""
