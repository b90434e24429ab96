"""Who saw or changed what: an append-only table in every service's schema, sealed into a chain of hashes."""
