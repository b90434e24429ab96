"""What goes in and out about staff membership."""

from quill_common.http.shapes import Answer, ExactBody, Id


class NewStaffMember(ExactBody):
    user_id: Id


class StaffMemberAnswer(Answer):
    organisation_id: int
    user_id: int
    username: str
