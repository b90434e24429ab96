"""What is on record in all services, merged for those who may read it."""
