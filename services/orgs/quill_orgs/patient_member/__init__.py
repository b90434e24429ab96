"""Patient membership of organisations."""
