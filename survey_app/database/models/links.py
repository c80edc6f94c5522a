"""What was tried at the doors: links that opened nothing, and new ones asked for; hashes only."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from survey_app.database.base import Base
from survey_app.database.columns import Digest, Id, Moment


class WrongLink(Base):
    """One link or code that opened nothing, from one network; tried again, it is one row still."""

    __tablename__ = "wrong_link"
    __table_args__ = (
        UniqueConstraint("network_hash", "token_hash"),
        Index("ix_wrong_link_tried_at", "tried_at"),
    )

    id: Mapped[Id]
    network_hash: Mapped[Digest]
    token_hash: Mapped[Digest]
    tried_at: Mapped[Moment]


class LinkRequest(Base):
    """Somebody asked for a new link to be sent to an address, which may be nobody's."""

    __tablename__ = "link_request"
    __table_args__ = (
        Index("ix_link_request_network_hash", "network_hash", "asked_at"),
        Index("ix_link_request_address_hash", "address_hash", "asked_at"),
        Index("ix_link_request_asked_at", "asked_at"),
    )

    id: Mapped[Id]
    network_hash: Mapped[Digest]
    address_hash: Mapped[Digest]
    asked_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
