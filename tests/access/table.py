"""The access matrix: what every kind of caller gets of every public route, to be read against contract 2.6.

The columns are the kinds of callers, headed by their first letters; all who are signed in but `nocsrf` send the CSRF
token of their session.

anon     nobody signed in                          staff   staff of the patient's organisation, not Clinician
own      the patient: the record is linked to it   clin    clinician of that organisation, takes part in the thread
other    another patient of the organisation       far     clinician of another organisation
member   registered into the organisation (A12)    admin   admin, in no organisation
grant    external_hcp with a live grant            super   superadmin, in no organisation
outside  external_hcp without                      off     deactivated account, its token not yet expired
setup    must set up a second factor first         ended   the clinician's session that was signed out of
                                                   nocsrf  the superadmin, who leaves the CSRF token out

A cell is a status. `nil` is a 200 that shows nothing of the patient, where others see something. A 400 says that the
caller was let in and the request refused for its content: where a good one would end the caller's own sessions.
"""

from dataclasses import dataclass
from typing import Final

BUILT: Final = """
                                                            ano own oth mem gra out sta cli far adm sup off end noc set
GET    /api/health                                          200 200 200 200 200 200 200 200 200 200 200 200 200 200 200

POST   /api/auth/login                                      200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
POST   /api/auth/register                                   200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
POST   /api/auth/forgot-password                            200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
POST   /api/auth/reset-password                             400 400 400 400 400 400 400 400 400 400 400 400 400 400 400
POST   /api/auth/change-password                            401 400 400 400 400 400 400 400 400 400 400 401 401 403 403
POST   /api/auth/refresh                                    401 200 200 200 200 200 200 200 200 200 200 401 401 200 200
POST   /api/auth/logout                                     401 200 200 200 200 200 200 200 200 200 200 401 401 200 200
GET    /api/auth/me                                         401 200 200 200 200 200 200 200 200 200 200 401 401 200 200
POST   /api/auth/totp/setup                                 401 200 200 200 200 200 200 200 200 200 200 401 401 403 200
POST   /api/auth/totp/verify                                401 400 400 400 400 400 400 400 400 400 400 401 401 403 400
POST   /api/auth/totp/disable                               401 200 200 200 200 200 200 200 200 200 200 401 401 403 403
GET    /api/users                                           401 403 403 403 403 403 403 403 403 200 200 401 401 200 403
GET    /api/users?patient_id={patient_id}                   401 200 403 403 200 403 200 200 403 200 200 401 401 200 403
POST   /api/users                                           401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
GET    /api/users/{user_id}                                 401 403 403 403 403 403 403 403 403 200 200 401 401 200 403
PATCH  /api/users/{user_id}                                 401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
PATCH  /api/users/{user_id}/link-patient                    401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
GET    /api/cbac/my-competencies                            401 200 200 200 200 200 200 200 200 200 200 401 401 200 403
PATCH  /api/cbac/my-competencies                            401 403 403 403 403 403 403 403 403 200 200 401 401 403 403

GET    /api/auth/organizations                              200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET    /api/organizations                                   401 403 403 403 403 403 403 403 403 200 200 401 401 200 403
POST   /api/organizations                                   401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
GET    /api/organizations/{org_id}                          401 403 403 403 403 403 403 403 403 200 200 401 401 200 403
PUT    /api/organizations/{org_id}                          401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
POST   /api/organizations/{org_id}/staff                    401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
DELETE /api/organizations/{org_id}/staff/{user_id}          401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
POST   /api/organizations/{org_id}/patients                 401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
DELETE /api/organizations/{org_id}/patients/{patient_id}    401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
GET    /api/organizations/{org_id}/features                 401 403 403 403 403 403 403 403 403 200 200 401 401 200 403
PUT    /api/organizations/{org_id}/features/{feature_key}   401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
GET    /api/patients/{patient_id}/shared-organisations      401 nil nil nil nil nil 200 200 nil nil nil 401 401 nil 403
POST   /api/patients/{patient_id}/invite-external           401 200 403 403 403 403 403 403 403 200 200 401 401 403 403
POST   /api/accept-invite                                   200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET    /api/patients/{patient_id}/external-access           401 200 403 403 403 403 403 403 403 200 200 401 401 200 403
DELETE /api/patients/{patient_id}/external-access/{user_id} 401 403 403 403 403 403 403 403 403 200 200 401 401 403 403

GET    /api/patients                                        401 200 nil nil 200 nil 200 200 nil nil nil 401 401 nil 403
GET    /api/patients?scope=admin                            401 200 nil nil 200 nil 200 200 nil 200 200 401 401 200 403
POST   /api/patients                                        401 403 403 403 403 403 200 200 200 200 200 401 401 403 403
POST   /api/patients/verify?patient_id={patient_id}         401 403 403 403 403 403 403 200 403 403 403 401 401 403 403
GET    /api/patients/{patient_id}                           401 200 403 403 200 403 200 200 403 200 200 401 401 200 403
PATCH  /api/patients/{patient_id}                           401 403 403 403 403 403 200 200 403 200 200 401 401 403 403
GET    /api/patients/{patient_id}/demographics              401 200 403 403 200 403 200 200 403 200 200 401 401 200 403
PUT    /api/patients/{patient_id}/demographics              401 403 403 403 403 403 403 200 403 403 403 401 401 403 403
GET    /api/patients/{patient_id}/metadata                  401 200 403 403 200 403 200 200 403 200 200 401 401 200 403
POST   /api/patients/{patient_id}/deactivate                401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
POST   /api/patients/{patient_id}/activate                  401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
POST   /api/prescriptions/controlled                        401 403 403 403 201 403 403 201 403 403 403 401 401 403 403

POST   /api/patients/{patient_id}/letters                   401 403 403 403 403 403 403 200 403 403 403 401 401 403 403
GET    /api/patients/{patient_id}/letters                   401 200 403 403 200 403 200 200 403 403 403 401 401 403 403
GET    /api/patients/{patient_id}/letters/{composition_uid} 401 200 403 403 200 403 200 200 403 403 403 401 401 403 403

POST   /api/conversations                                   401 200 403 403 200 403 200 200 403 200 200 401 401 403 403
GET    /api/conversations                                   401 200 nil nil 200 nil 200 200 nil nil nil 401 401 nil 403
GET    /api/patients/{patient_id}/conversations             401 200 nil nil 200 nil 200 200 nil nil nil 401 401 nil 403
GET    /api/conversations/{conversation_id}                 401 200 404 404 200 404 200 200 404 404 404 401 401 404 403
PATCH  /api/conversations/{conversation_id}                 401 200 404 404 404 404 404 200 404 404 404 401 401 403 403
POST   /api/conversations/{conversation_id}/messages        401 200 404 404 403 404 403 200 404 404 404 401 401 403 403
POST   /api/conversations/{conversation_id}/participants    401 200 404 404 403 404 403 200 404 404 404 401 401 403 403
GET    /api/conversations/{conversation_id}/participants    401 200 404 404 404 404 404 200 404 404 404 401 401 404 403
POST   /api/conversations/{conversation_id}/join            401 403 403 403 403 403 200 200 404 404 404 401 401 403 403
POST   /api/conversations/{conversation_id}/read            401 200 404 404 404 404 404 200 404 404 404 401 401 403 403
"""

BEYOND_THE_CONTRACT: Final = """
                                                            ano own oth mem gra out sta cli far adm sup off end noc set
GET    /api/auth/sessions                                   401 200 200 200 200 200 200 200 200 200 200 401 401 200 403
DELETE /api/auth/sessions                                   401 200 200 200 200 200 200 200 200 200 200 401 401 403 403
DELETE /api/auth/sessions/{session_id}                      401 200 200 200 200 200 200 200 200 200 200 401 401 403 403
POST   /api/auth/totp/recovery-codes                        401 400 400 400 400 400 400 400 400 400 400 401 401 403 403
GET    /api/users/{user_id}/sessions                        401 403 403 403 403 403 403 403 403 200 200 401 401 200 403
DELETE /api/users/{user_id}/sessions                        401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
DELETE /api/users/{user_id}/sessions/{session_id}           401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
POST   /api/users/{user_id}/deactivate                      401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
POST   /api/users/{user_id}/activate                        401 403 403 403 403 403 403 403 403 200 200 401 401 403 403
GET    /api/audit                                           401 403 403 403 403 403 403 403 403 403 200 401 401 200 403
GET    /api/patients/{patient_id}/audit                     401 200 403 403 403 403 403 403 403 403 200 401 401 200 403
GET    /api/patients/{patient_id}/history                   401 200 403 403 200 403 200 200 403 200 200 401 401 200 403
GET    /api/patients/{patient_id}/history/{version}         401 200 403 403 200 403 200 200 403 200 200 401 401 200 403
"""
"""The same for the routes of `docs/api-beyond-the-contract.md`."""

NOT_BUILT_YET: Final = """
                                                            ano own oth mem gra out sta cli far adm sup off end noc set

POST   /api/push/subscribe                                  401 200 200 200 200 200 200 200 200 200 200 401 401 200 403
POST   /api/push/send-test                                  401 400 400 400 400 400 400 400 400 400 400 401 401 403 403
"""
"""What the cells will be. Until a route is built, who is let in by the gateway gets 404 `Not Found` from the service.

A row moves up when its operation leaves `contract/pending.py`; the tests fail until it does.
"""

KINDS: Final = (
    "anon", "own", "other", "member", "grant", "outside", "staff", "clin", "far", "admin", "super",
    "off", "ended", "nocsrf", "setup",
)  # fmt: skip
STRANGERS: Final = ("other", "member", "outside", "far")
"""Those who have no access of any kind to the patient."""


@dataclass(frozen=True)
class Row:
    """One line: the route, an example query where it matters, and the cell of each kind of caller."""

    method: str
    target: str
    cells: dict[str, str]

    @property
    def path(self) -> str:
        """The route's template, without the query."""
        return self.target.partition("?")[0]

    @property
    def route(self) -> tuple[str, str]:
        return self.method, self.path

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


def rows(table: str) -> list[Row]:
    """The lines of a table. Raises ValueError for one that has not a cell for every kind."""
    lines = [line.split() for line in table.splitlines() if line.startswith(("GET", "POST", "PUT", "PATCH", "DELETE"))]
    return [Row(method, target, dict(zip(KINDS, cells, strict=True))) for method, target, *cells in lines]
