"""Where a member of staff can go in a study, by what they may do there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask import g, request, url_for

from survey_app.operations.studies import definition_of
from survey_app.roles import Permission, Role
from survey_app.web.service import service


@dataclass(frozen=True, slots=True)
class Place:
    """A page of a study: what it is called, what it is for, and who may open it."""

    label: str
    purpose: str
    endpoint: str
    permission: Permission
    beneath: tuple[str, ...] = ()


PLACES: tuple[Place, ...] = (
    Place("Overview", "See how the study stands", "coordinator.overview", "see_study"),
    Place(
        "Dashboard",
        "See the response, the flow and what waits today",
        "coordinator.dashboard",
        "see_study",
    ),
    Place(
        "Schools",
        "See the roster and import one",
        "coordinator.schools",
        "see_contacts",
        (
            *("coordinator.roster_import", "coordinator.take_roster", "coordinator.sharing"),
            *("coordinator.school", "coordinator.new_school", "coordinator.take_new_school"),
            *("coordinator.edit_school", "coordinator.take_school"),
            *("coordinator.merge_school", "coordinator.take_school_merge"),
            *("coordinator.new_person", "coordinator.take_new_person"),
            *("coordinator.edit_person", "coordinator.take_person"),
            *("coordinator.leaving", "coordinator.take_leaving"),
            *("coordinator.following", "coordinator.take_following"),
            *("coordinator.moving", "coordinator.take_moving"),
            *("coordinator.also_at", "coordinator.take_also_at"),
            *("coordinator.merge_person", "coordinator.take_person_merge"),
        ),
    ),
    Place(
        "Randomisation",
        "Randomise the schools and check the result",
        "coordinator.randomisation",
        "randomise",
        (
            "coordinator.randomise",
            "coordinator.randomise_late",
            "coordinator.allocation_import",
            "coordinator.take_allocation",
        ),
    ),
    Place(
        "Waves",
        "Open a wave, keep it open longer or close it early",
        "coordinator.waves",
        "send_letters",
        ("coordinator.wave", "coordinator.move_wave"),
    ),
    Place(
        "Rehearsals",
        "Live through the study before its first letter",
        "coordinator.rehearsals",
        "send_letters",
        ("coordinator.rehearse",),
    ),
    Place(
        "Invitations",
        "Invite people to a wave and see how letters fare",
        "coordinator.invitations",
        "send_letters",
    ),
    Place(
        "Letters",
        "See the outbox, help one person, print and pause",
        "coordinator.letters",
        "send_letters",
        (
            "coordinator.person",
            "coordinator.letter_plan",
            "coordinator.preview",
            "coordinator.for_the_post",
            "coordinator.print_for_the_post",
            "coordinator.taking_back",
            "coordinator.take_back_together",
        ),
    ),
    Place(
        "Sessions",
        "Record the supervision offered and attended",
        "coordinator.sessions",
        "record_sessions",
        (
            "coordinator.school_sessions",
            "coordinator.take_session",
            "coordinator.session_marks",
            "coordinator.take_session_marks",
            "coordinator.session_import",
            "coordinator.take_sessions_file",
        ),
    ),
    Place(
        "Authority outcomes",
        "Import the counts that authorities hold, and see how complete they are",
        "coordinator.authority_outcomes",
        "import_outcomes",
        ("coordinator.counts_import", "coordinator.take_counts"),
    ),
    Place(
        "Redaction",
        "Redact comments and release them",
        "redactor.queue",
        "redact_comments",
        ("redactor.release",),
    ),
    Place(
        "Comments",
        "Code released comments",
        "researcher.comments",
        "code_comments",
        ("researcher.comment", "researcher.code"),
    ),
    Place(
        "Codebook",
        "Add codes and read them",
        "researcher.codebook",
        "code_comments",
        ("researcher.add_to_codebook",),
    ),
    Place("Reports", "Make a report and read it", "evaluator.reports", "make_reports"),
    Place(
        "Staff",
        "Give and end access to the study",
        "data_manager.staff",
        "manage_staff",
        (
            "data_manager.invite",
            "data_manager.member",
            "data_manager.set_roles",
            "data_manager.send_link",
            "data_manager.take_access",
        ),
    ),
    Place(
        "People’s rights",
        "Take people out of the study, erase them, and show what is held",
        "data_manager.rights",
        "answer_rights",
        ("data_manager.rights_of", "data_manager.erase"),
    ),
    Place("Held pages", "Look at pages not saved", "data_manager.held_pages", "see_held_pages"),
    Place("Audit trail", "See who changed what", "data_manager.audit_trail", "see_audit"),
    Place(
        "Release of arms",
        "Say which arm is which",
        "data_manager.unmasking",
        "unmask",
        ("data_manager.unmask", "data_manager.release_to"),
    ),
)

LANDING: Mapping[Role, str] = {
    "coordinator": "coordinator.overview",
    "redactor": "redactor.queue",
    "researcher": "researcher.comments",
    "evaluator": "evaluator.reports",
    "safeguarding_contact": "coordinator.overview",
    "data_manager": "data_manager.audit_trail",
}


def places_for(permissions: Collection[str]) -> tuple[Place, ...]:
    """The pages that somebody with these permissions may open, in the order of the menu."""
    return tuple(place for place in PLACES if place.permission in permissions)


def staff_page() -> dict[str, Any]:
    """Give what the layout of a staff page shows around it: who is signed in, and the menu."""
    around: dict[str, Any] = {
        "demonstration": service().settings.is_demonstration,
        "home_url": url_for("public.start"),
    }
    if g.staff is not None:
        around |= {
            "signed_in_name": g.staff.name,
            "account_url": url_for("account.security"),
            "sign_out_url": url_for("account.sign_out"),
            "home_url": url_for("account.studies"),
        }
    if g.study is not None:
        around |= {"navigation": _menu(), "breadcrumbs": _trail()}
    return around


def _menu() -> list[tuple[str, str, bool]]:
    return [
        (
            place.label,
            url_for(place.endpoint, study=g.study.slug),
            request.endpoint in (place.endpoint, *place.beneath),
        )
        for place in places_for(g.permissions)
    ]


def _trail() -> list[tuple[str, str]]:
    title = definition_of(g.study).study.short_title
    overview = url_for("coordinator.overview", study=g.study.slug)
    is_here = request.endpoint == "coordinator.overview"
    return [
        ("Your studies", url_for("account.studies")),
        (title[:1].upper() + title[1:], "" if is_here else overview),
    ]
