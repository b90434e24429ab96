"""The crowd in the tables of orgs, as adding one by one would leave it but for the events."""

import asyncpg
from quill_common.testing.crowd import Growth, fill_projection


async def fill(connection: asyncpg.Connection, growth: Growth) -> None:
    """Add `growth`, as the owner of the database. It is vacuumed and analysed, as the server would soon do."""
    organisations = ((number, f"Crowd practice {number:04}", "gp_practice") for number in growth.organisations)
    staff = ((organisation, user, True) for user, organisation in growth.staff)
    members = ((organisation, patient, primary) for patient, organisation, primary in growth.members)
    for table, columns, records in (
        ("organizations", "id name type", organisations),
        ("organisation_staff_member", "organisation_id user_id is_primary", staff),
        ("organisation_patient_member", "organisation_id patient_id is_primary", members),
    ):
        await connection.copy_records_to_table(
            table, schema_name="orgs", columns=columns.split(), records=records, timeout=None
        )
    await connection.execute("SELECT setval('orgs.organizations_id_seq', max(id)) FROM orgs.organizations")
    await fill_projection(connection, "orgs", growth)
    await connection.execute("VACUUM (ANALYZE)")
