"""Measure a running system against its budgets: CPU of each process a request, speed, latency of events, memory."""
