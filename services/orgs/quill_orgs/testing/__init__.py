"""What tests of orgs need beside the kit."""
