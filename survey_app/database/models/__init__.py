"""Every table of the record, by noun."""

from survey_app.database.models.authority_counts import CountsImport, SchoolMonth
from survey_app.database.models.coding import Code, Coding
from survey_app.database.models.delivery import (
    DeliveryReport,
    Invitation,
    Letter,
    SessionAttendance,
    SupervisionSession,
)
from survey_app.database.models.links import LinkRequest, WrongLink
from survey_app.database.models.people import Contact, Membership, Participant
from survey_app.database.models.record import (
    AuditEvent,
    AuditSeal,
    AuditSealedEvent,
    Outlook,
    Report,
)
from survey_app.database.models.rehearsals import Rehearsal
from survey_app.database.models.rights import Tombstone
from survey_app.database.models.staff import (
    Staff,
    StaffLetter,
    StaffRecoveryCode,
    StaffRole,
    StaffSession,
    WrongSignIn,
)
from survey_app.database.models.studies import (
    Allocation,
    ArmRelease,
    Authority,
    LateAllocation,
    Randomisation,
    School,
    Study,
    WaveChange,
)
from survey_app.database.models.submissions import (
    Comment,
    Consent,
    HeldPage,
    PageWindow,
    Response,
    ResponseEvent,
    Submission,
)
from survey_app.database.models.versions import FrozenDefinition, QuestionnaireVersion

__all__ = [
    "Allocation",
    "ArmRelease",
    "AuditEvent",
    "AuditSeal",
    "AuditSealedEvent",
    "Authority",
    "Code",
    "Coding",
    "Comment",
    "Consent",
    "Contact",
    "CountsImport",
    "DeliveryReport",
    "FrozenDefinition",
    "HeldPage",
    "Invitation",
    "LateAllocation",
    "Letter",
    "LinkRequest",
    "Membership",
    "Outlook",
    "PageWindow",
    "Participant",
    "QuestionnaireVersion",
    "Randomisation",
    "Rehearsal",
    "Report",
    "Response",
    "ResponseEvent",
    "School",
    "SchoolMonth",
    "SessionAttendance",
    "Staff",
    "StaffLetter",
    "StaffRecoveryCode",
    "StaffRole",
    "StaffSession",
    "Study",
    "Submission",
    "SupervisionSession",
    "Tombstone",
    "WaveChange",
    "WrongLink",
    "WrongSignIn",
]
