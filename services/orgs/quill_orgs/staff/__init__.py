"""Staff membership of organisations."""
