"""Stand-ins for the services, and a gateway on a free port, for tests and measurements."""
