"""What goes out about shared organisations."""

from quill_common.http.shapes import Answer

from quill_orgs.organisation.kinds import OrganisationType


class SharedOrganisation(Answer):
    id: int
    name: str
    type: OrganisationType


class SharedOrganisations(Answer):
    organisations: list[SharedOrganisation]
