"""The end of invitations, whatever ends them: who was invited hears of it."""

from django.db import transaction
from django.db.models import QuerySet

from core.bus import publisher
from core.bus.publisher import ToPerson

from ..events import InvitationDeleted, encode
from ..models import Invitation


def uninvite(invitations: QuerySet[Invitation]) -> None:
    """Delete them. The caller holds the room's row, so there comes none in between."""
    envelopes = [
        ToPerson(
            str(invitation.person_id), encode(InvitationDeleted(str(invitation.pk)))
        )
        for invitation in invitations
        if invitation.person_id is not None
    ]
    invitations.delete()
    if envelopes:
        transaction.on_commit(lambda: publisher.publish(envelopes))
