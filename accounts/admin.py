"""The admin site's pages of people and their sessions. chat/admin.py has the others."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from core.audit import Event, record_committed

from .admin_forms import NewPersonForm, PasswordForm, PersonForm
from .models import Session, User
from .sessions import change_rights, end_session

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Model]
    UserAdminBase = DjangoUserAdmin[User]
else:
    ModelAdmin = admin.ModelAdmin
    UserAdminBase = DjangoUserAdmin

# Only superusers give and take these.
_RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(UserAdminBase):
    form = PersonForm
    add_form = NewPersonForm
    change_password_form = PasswordForm
    list_display: tuple[str, ...] = (
        "username",
        "display_name",
        "is_staff",
        "is_active",
        "is_bot",
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

    def has_change_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Only superusers may change staff and superusers.

        Other staff could set such a person's password, log in and have their rights.
        """
        allowed = super().has_change_permission(request, obj)
        is_above = obj is not None and (obj.is_staff or obj.is_superuser)
        return allowed and (not is_above or admitted(request).is_superuser)

    def has_delete_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Nobody deletes people here: rooms' logs would not say that they left."""
        return False

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> tuple[str, ...]:
        if admitted(request).is_superuser:
            return self.readonly_fields
        return (*self.readonly_fields, *_RIGHTS)

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: bool
    ) -> None:
        """Save the changed columns alone: token_version may have been raised since."""
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
        return admitted(request).has_perm("accounts.change_session")

    @admin.action(description="End these sessions", permissions=["end"])
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[Session]) -> None:
        ended = [end_session(one.user, one.pk) for one in chosen.select_related("user")]
        self.message_user(request, f"{sum(ended)} ended.", messages.SUCCESS)


def admitted(request: HttpRequest) -> User:
    """The person whom the admin site let in."""
    return cast(User, request.user)
