"""The admin site: people and their sessions, and what there is to see of the chat.

Rows of the chat are shown, never written: what happens to a room goes through an
action, so that it has its number in the log and everybody hears of it. Here too is the
admin of accounts, since who loses a right must lose their open sockets with it.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    UserChangeForm,
)
from django.core.exceptions import ValidationError
from django.db import transaction
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

from accounts import people
from accounts.models import Session, User
from accounts.sessions import change_rights, end_session, save_password
from core.audit import Event, record_committed
from core.text import clean_line

from .actions.messages import delete_message
from .errors import Invalid, Refusal
from .models import Membership, Message, Room, StoredFile
from .queries.search import said_anywhere

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Model]
    UserAdminBase = DjangoUserAdmin[User]
    PasswordFormBase = AdminPasswordChangeForm[User]
    CreationFormBase = AdminUserCreationForm[User]
    ChangeFormBase = UserChangeForm[User]
else:
    ModelAdmin = admin.ModelAdmin
    UserAdminBase = DjangoUserAdmin
    PasswordFormBase = AdminPasswordChangeForm
    CreationFormBase = AdminUserCreationForm
    ChangeFormBase = UserChangeForm


# Of all messages that have a word the newest are listed.
_MOST_FOUND = 1_000


class _ShownName:
    """What people may call themselves: a display name has no other rule here."""

    cleaned_data: dict[str, Any]

    def clean_display_name(self) -> str:
        name = self.cleaned_data["display_name"]
        try:
            return clean_line("display_name", name, people.LONGEST["display_name"])
        except Invalid as refused:
            raise ValidationError(list(*(refused.fields or {}).values())) from None


class NewPersonForm(_ShownName, CreationFormBase):
    class Meta:
        model = User
        fields = ("username", "display_name", "is_bot")

    def set_password_and_save(
        self, user: User, commit: bool = True, **kwargs: Any
    ) -> User:
        """Hashed after the commit: on SQLite all writes wait for this transaction."""
        user.set_unusable_password()
        if commit:
            user.save()
        if self.cleaned_data["set_usable_password"]:
            password = self.cleaned_data["password1"]
            transaction.on_commit(lambda: _give_password(user, password))
        return user


def _give_password(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])


class PersonForm(_ShownName, ChangeFormBase):
    class Meta:
        model = User
        # Never token_version: putting it back would make ended tokens good again.
        exclude = ("token_version",)


class PasswordForm(PasswordFormBase):
    def save(self, commit: bool = True) -> User:
        """A password may be changed because it leaked: nobody stays logged in."""
        user = super().save(commit=False)
        save_password(user)
        return user


# For superusers to give and take.
_RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(UserAdminBase):
    form = PersonForm
    add_form = NewPersonForm
    change_password_form = PasswordForm
    list_display = (
        "username",
        "display_name",
        "is_staff",
        "is_active",
        "is_bot",
        "stored",
        "created_at",
    )
    list_filter = ("is_staff", "is_superuser", "is_active", "is_bot")
    search_fields = ("username", "display_name")
    readonly_fields = ("created_at", "last_login")
    fieldsets = (
        (None, {"fields": ("username", "password", "display_name", "is_bot")}),
        (
            "Permissions",
            {
                "fields": (
                    "is_active",
                    "is_staff",
                    "is_superuser",
                    "groups",
                    "user_permissions",
                )
            },
        ),
        ("Dates", {"fields": readonly_fields}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "username",
                    "display_name",
                    "is_bot",
                    "usable_password",
                    "password1",
                    "password2",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        own = StoredFile.objects.filter(owner=OuterRef("pk")).values("owner")
        stored = Subquery(own.values(bytes=Sum("bytes")))
        return super().get_queryset(request).annotate(stored=stored)

    @admin.display(ordering="stored", description="Files")
    def stored(self, person: Any) -> str:
        return filesizeformat(person.stored or 0)

    def has_change_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Only superusers act on staff and on each other.

        Anybody else here would set a password and have that person's rights.
        """
        allowed = super().has_change_permission(request, obj)
        is_above = obj is not None and (obj.is_staff or obj.is_superuser)
        return allowed and (not is_above or _admin(request).is_superuser)

    def has_delete_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Deactivate instead: memberships would go without a word in the log."""
        return False

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> tuple[str, ...]:
        if _admin(request).is_superuser:
            return self.readonly_fields
        return (*self.readonly_fields, *_RIGHTS)

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: bool
    ) -> None:
        """Only what was changed: token_version may have been raised meanwhile."""
        if not change:
            super().save_model(request, obj, form, change)
            record_committed(Event.REGISTERED, user=obj.pk)
            return
        columns = {field.name for field in User._meta.concrete_fields}
        changed = columns & set(form.changed_data)
        rights = {"is_active", "is_staff", "is_superuser"} & changed
        obj.save(update_fields=changed - rights)
        if rights:
            change_rights(obj, **{name: getattr(obj, name) for name in rights})


class ReadOnlyAdmin(ModelAdmin):
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("user", "user_agent", "created_at", "last_used_at", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("user__username", "user_agent")
    ordering = ("-last_used_at",)
    actions = ("end_sessions",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return _admin(request).has_perm("accounts.change_session")

    @admin.action(description="End these sessions", permissions=["end"])
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[Session]) -> None:
        ended = [end_session(one.user, one.pk) for one in chosen.select_related("user")]
        self.message_user(request, f"{sum(ended)} ended.", messages.SUCCESS)


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
    # Those that cannot be edited are left out unless they are named.
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
    # Says that there is a search; `get_search_results` has what it looks for.
    search_fields = ("body",)
    search_help_text = "Words that were said, or a whole name of a person or a room."
    ordering = ("-pk",)
    actions = ("delete_messages",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        """Through indexes: Django would look into each message there is."""
        if not search_term:
            return queryset, False
        with suppress(Invalid):
            said = Q(pk__in=said_anywhere(search_term, _MOST_FOUND))
            name = Lower(Value(search_term))
            people = User.objects.alias(folded=Lower("username")).filter(folded=name)
            rooms = Room.objects.alias(folded=Lower("name")).filter(folded=name)
            found = said | Q(sender__in=list(people)) | Q(room__in=list(rooms))
            return queryset.filter(found), False
        return queryset.none(), False

    @admin.display
    def text(self, message: Message) -> str:
        return Truncator(message.body).chars(80)

    def has_take_back_permission(self, request: HttpRequest) -> bool:
        return _admin(request).has_perm("chat.delete_message")

    @admin.action(description="Delete these messages", permissions=["take_back"])
    def delete_messages(self, request: HttpRequest, chosen: QuerySet[Message]) -> None:
        """As the person who asks: what the room refuses them stays as it is."""
        deleted = 0
        for message in chosen:
            try:
                delete_message(_admin(request), str(message.room_id), message.seq)
                deleted += 1
            except Refusal as refusal:
                self.message_user(
                    request, f"{message}: {refusal.detail}", messages.WARNING
                )
        self.message_user(request, f"{deleted} deleted.", messages.SUCCESS)


def _admin(request: HttpRequest) -> User:
    """Whom the admin site let in."""
    return cast(User, request.user)
