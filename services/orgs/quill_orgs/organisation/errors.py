"""Refusals that have to do with an organisation. The contract spells the missing one in two ways, by endpoint."""

from quill_common.http.errors import BadRequest, NotFound

from quill_orgs.organisation.kinds import TYPES


class OrganizationNotFound(NotFound):
    """5.4, 5.6 and 5.8."""

    detail = "Organization not found"


class OrganisationNotFound(NotFound):
    """5.5, 5.10 and 5.11."""

    detail = "Organisation not found"


class MembershipNotFound(NotFound):
    """Who is to be removed is no member."""

    detail = "Membership not found"


class UnknownOrganisationType(BadRequest):
    detail = f"Invalid organisation type. Must be one of: {', '.join(TYPES)}"
