"""The chat's part of the admin site; accounts/admin.py has the people.

The site shows rows of the chat and never writes them. A change of a room goes through
an action, so that it has its number in the log and everybody hears of it.
"""

from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.db.models import (
    Count,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.text import Truncator

from accounts.actor import system
from accounts.admin import ReadOnlyAdmin, UserAdmin, admitted
from accounts.models import User
from core.errors import Invalid, Refusal

from .actions.messages import delete_message
from .models import Membership, Message, Room, StoredFile
from .queries.search import said_anywhere

# A search for a word lists the newest messages that have it.
_MOST_FOUND = 1_000


admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin):
    """People, with the bytes that their files take."""

    list_display = (*UserAdmin.list_display, "stored")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        own = StoredFile.objects.filter(owner=OuterRef("pk")).values("owner")
        stored = Subquery(own.values(bytes=Sum("bytes")))
        return super().get_queryset(request).annotate(stored=stored)

    @admin.display(ordering="stored", description="Files")
    def stored(self, person: Any) -> str:
        return filesizeformat(person.stored or 0)


@admin.register(Room)
class RoomAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "kind",
        "staff_only",
        "members",
        "head_seq",
        "created_at",
        "archived_at",
    )
    list_filter = (
        "kind",
        "staff_only",
        ("archived_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("name", "topic")
    ordering = ("name", "pk")
    # Django leaves out fields that cannot be edited unless they are named here.
    readonly_fields = ("id", "members", "head_seq", "epoch", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rooms = super().get_queryset(request)
        counted: QuerySet[Any] = rooms.annotate(members=Count("memberships"))
        return counted

    @admin.display(ordering="members")
    def members(self, room: Any) -> int:
        return int(room.members)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "room", "role", "muted_until", "joined_at")
    list_filter = ("role",)
    list_select_related = ("user", "room")
    search_fields = ("user__username", "room__name")
    ordering = ("-pk",)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "room", "sender", "text", "created_at", "deleted_at")
    list_filter = ("kind", "level", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("room", "sender")
    # Makes Django show the search field; `get_search_results` does the search.
    search_fields = ("body",)
    search_help_text = "Words that were said, or a whole name of a person or a room."
    ordering = ("-pk",)
    actions = ("delete_messages",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        """Through indexes; Django's own search would read every message."""
        if not search_term:
            return queryset, False
        with suppress(Invalid):
            said = Q(pk__in=said_anywhere(search_term, _MOST_FOUND))
            name = Lower(Value(search_term))
            people = User.objects.alias(folded=Lower("username")).filter(folded=name)
            rooms = Room.objects.alias(folded=Lower("name")).filter(folded=name)
            by_name = Q(sender__in=list(people)) | Q(room__in=list(rooms))
            return queryset.filter(said | by_name), False
        return queryset.none(), False

    @admin.display
    def text(self, message: Message) -> str:
        return Truncator(message.body).chars(80)

    def has_take_back_permission(self, request: HttpRequest) -> bool:
        return admitted(request).has_perm("chat.delete_message")

    @admin.action(description="Delete these messages", permissions=["take_back"])
    def delete_messages(self, request: HttpRequest, chosen: QuerySet[Message]) -> None:
        """As the person who asks: a message that they may not delete stays."""
        actor, deleted = system(admitted(request)), 0
        for message in chosen:
            try:
                delete_message(actor, str(message.room_id), message.seq)
                deleted += 1
            except Refusal as refusal:
                self.message_user(
                    request, f"{message}: {refusal.detail}", messages.WARNING
                )
        self.message_user(request, f"{deleted} deleted.", messages.SUCCESS)
