"""The trail of changes: every operation leaves one event, worded here once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from survey_app.database.models import AuditEvent
from survey_app.database.upsert import insert_rows

Detail = str | int | bool | None

WORDING: Mapping[str, str] = {
    "study_registered": "Study definition loaded ({sha256})",
    "study_updated": "Study definition changed before use ({sha256})",
    "study_amended": "Study amended ({sha256}; new: {questionnaires}): {because}",
    "study_unmasked": "Arms released: {because}",
    "roster_imported": "Roster imported: {schools_added} schools and {people_added} people added, "
    "{people_updated} people updated",
    "school_added": "School added to the roster",
    "school_changed": "School's {what} changed from {before} to {after}",
    "schools_merged": "School of URN {urn} merged into this one",
    "person_added": "Person added at the school of URN {urn}",
    "person_changed": "Person's {what} changed",
    "person_left": "Person left the role ({because})",
    "person_succeeded": "New person in the place of {code}",
    "person_moved": "{code} moved to the school of URN {urn}",
    "person_came_back": "Person is in the role again",
    "person_shared": "Person works at the school of URN {urn} as well",
    "person_shared_no_more": "Person no longer works at the school of URN {urn} as well",
    "person_withdrew": "Person withdrew from the study",
    "person_erased": "Person erased: {answers} answers and {comments} comments",
    "held_data_given": "Everything held on one person was given out",
    "people_merged": "Record {code} merged into this one: the same person",
    "schools_randomised": "{schools} schools randomised; baseline {baseline}",
    "allocation_imported": "Arms of {schools} schools imported from elsewhere; baseline {baseline}",
    "late_schools_allocated": "{schools} late schools given an arm; baseline {baseline}",
    "arms_released_to": "One person told the arms: {because}",
    "wave_invited": "{invitations} people invited to wave {wave}",
    "wave_opened": "Wave {wave} opened early ({before} became {now}): {because}",
    "wave_extended": "Wave {wave} kept open longer ({before} became {now}): {because}",
    "wave_closed_early": "Wave {wave} closed early ({before} became {now}): {because}",
    "letters_queued": "{letters} {kind} letters queued for wave {wave}",
    "link_revoked": "Link of one letter taken back: {kind}",
    "links_revoked": "Links of one participant revoked",
    "wave_links_revoked": "All links of wave {wave} taken back ({links})",
    "study_links_revoked": "All links of the study taken back ({links})",
    "new_link_queued": "Letter with a new link queued for wave {wave}",
    "new_links_queued": "{letters} letters with new links queued for wave {wave}",
    "letter_disowned": "Whoever opened a letter's link said that it was not for them",
    "letter_settled": "A letter that came to somebody else was looked into",
    "letters_printed": "{letters} letters for the post printed for wave {wave}",
    "letters_paused": "Letters paused",
    "letters_resumed": "Letters let go again",
    "test_letter_sent": "Test letter sent to oneself: {kind}",
    "wrong_links_slowed": "Many different links that do not work were tried at once",
    "letter_sent": "Letter sent: {kind}",
    "letter_refused": "Letter refused by the mail server: {kind}",
    "letter_delayed": "Letter not sent yet: {kind}",
    "letter_bounced": "Letter came back: {kind} ({status})",
    "letter_queued_again": "Letter sent again by hand: {kind}",
    "address_undeliverable": "One participant's address takes no letters",
    "reminders_stopped": "One participant wants no reminders",
    "reminders_allowed": "One participant may be reminded again",
    "answering_started": "Consent given and answering started",
    "consents_changed": "Optional consents changed",
    "page_saved": "Answers saved: {answers} changed",
    "submitted_page_changed": "Answers changed after submission: {answers}",
    "page_held": "A page that could not be saved was kept: {reason}",
    "answers_submitted": "Answers submitted",
    "receipt_copy_queued": "A copy of the receipt queued, as its owner asked",
    "comment_released": "Comment released to coders",
    "code_added": "Code added to the codebook: {label}",
    "comment_coded": "Comment coded (codes given: {codes})",
    "session_recorded": "Supervision session {number} recorded",
    "meeting_recorded": "{part} {number} recorded",
    "meeting_cancelled": "{part} {number} cancelled: {because}",
    "sessions_marked": "{sessions} sessions recorded together ({attended} attended)",
    "sessions_imported": "Sessions imported: {added} added, {updated} updated, "
    "{unchanged} as before",
    "counts_imported": "Counts held by an authority imported ({sha256}): {new} months of schools "
    "new, {changed} changed",
    "staff_added": "Member of staff added",
    "staff_invited": "Member of staff invited",
    "staff_link_sent": "Letter with a link to set a password queued",
    "staff_letter_sent": "Letter to a member of staff sent: {kind}",
    "staff_letter_refused": "Letter to a member of staff refused by the mail server: {kind}",
    "staff_letter_delayed": "Letter to a member of staff not sent yet: {kind}",
    "role_granted": "Role given: {role}",
    "role_revoked": "Role taken away: {role}",
    "access_ended": "Access to the study ended",
    "account_closed": "Account closed",
    "password_set_by_link": "Password set by the link of a letter",
    "sign_ins_slowed": "Many different wrong passwords were tried at once",
    "keys_rotated": "Encrypted anew under the newest key: {rows} rows of {purpose}",
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "password_changed": "Password changed",
    "other_sign_ins_ended": "Other sign-ins ended: {sessions}",
    "second_factor_set_up": "Second factor set up",
    "second_factor_refused": "Wrong code for the second factor",
    "second_factor_taken_away": "Second factor taken away, to be set up anew",
    "recovery_codes_made": "New recovery codes made",
    "recovery_code_used": "A recovery code was used",
    "rehearsal_requested": "Rehearsal asked for",
    "rehearsal_made": "Rehearsal finished",
    "rehearsal_failed": "Rehearsal not finished",
    "rehearsal_deleted": "Rehearsal and its report deleted",
    "outlook_worked_out": "Smallest detectable effects worked out again",
    "report_requested": "Report asked for",
    "report_made": "Report made",
    "report_failed": "Report could not be made",
}


def record_event(
    session: Session,
    action: str,
    *,
    by: str,
    at: datetime,
    subject: str,
    study_id: int | None = None,
    **detail: Detail,
) -> None:
    """Add one event to the trail; the action must have a wording, and its detail must fill it."""
    WORDING[action].format(**detail)
    event = {
        "at": at,
        "by": by,
        "action": action,
        "study_id": study_id,
        "subject": subject,
        "detail": detail,
    }
    insert_rows(session, AuditEvent, [event])


def describe(action: str, detail: Mapping[str, Detail]) -> str:
    """Word an event in plain English, saying so of what an earlier release did not keep."""
    return WORDING[action].format_map(_AsFarAsKept(detail))


class _AsFarAsKept(dict[str, Detail]):
    def __missing__(self, _name: str) -> str:
        return "not recorded"
