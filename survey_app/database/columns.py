"""Column types and shorthands shared by the tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import DateTime, Dialect, ForeignKey, String, Text, TypeDecorator
from sqlalchemy.orm import mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC, also on SQLite, which keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; the record keeps aware moments only")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(
        self,
        value: Any | None,
        dialect: Dialect,  # noqa: ARG002  # the signature is SQLAlchemy's
    ) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class WithoutNul(TypeDecorator[str]):
    """Text whose NULs are replaced, visibly: PostgreSQL refuses them, even in a question."""

    impl = String
    cache_ok = True

    def process_bind_param(
        self,
        value: str | None,
        dialect: Dialect,  # noqa: ARG002  # the signature is SQLAlchemy's
    ) -> str | None:
        return value if value is None else value.replace("\x00", "\N{REPLACEMENT CHARACTER}")


class LongWithoutNul(WithoutNul):
    """The same of any length."""

    impl = Text
    cache_ok = True


Id = Annotated[int, mapped_column(primary_key=True)]
Moment = Annotated[datetime, mapped_column(UtcDateTime())]
ShortText = Annotated[str, mapped_column(WithoutNul(200))]
Digest = Annotated[str, mapped_column(String(64))]
LongText = Annotated[str, mapped_column(LongWithoutNul())]
StudyId = Annotated[int, mapped_column(ForeignKey("study.id"), index=True)]
SchoolId = Annotated[int, mapped_column(ForeignKey("school.id"), index=True)]
ParticipantId = Annotated[int, mapped_column(ForeignKey("participant.id"), index=True)]
InvitationId = Annotated[int, mapped_column(ForeignKey("invitation.id"), index=True)]
SubmissionId = Annotated[int, mapped_column(ForeignKey("submission.id"), index=True)]
StaffId = Annotated[int, mapped_column(ForeignKey("staff.id"), index=True)]
