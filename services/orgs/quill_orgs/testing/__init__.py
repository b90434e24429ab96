"""What tests and measurements need of orgs."""
