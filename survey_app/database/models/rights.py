"""Who was erased, so that no roster brings them back: a hash of an address and nothing else."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from survey_app.database.base import Base
from survey_app.database.columns import Digest, Id, Moment, StudyId


class Tombstone(Base):
    """An address, hashed under the server's key, whose owner was erased from a study."""

    __tablename__ = "tombstone"
    __table_args__ = (UniqueConstraint("study_id", "address_hash"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    address_hash: Mapped[Digest]
    erased_at: Mapped[Moment]
