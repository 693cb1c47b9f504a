"""The admin site's forms for people and their passwords."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    UserChangeForm,
)
from django.core.exceptions import ValidationError
from django.db import transaction

from core.errors import Invalid
from core.text import clean_line

from . import people
from .models import User
from .passwords import save_password

if TYPE_CHECKING:
    PasswordFormBase = AdminPasswordChangeForm[User]
    CreationFormBase = AdminUserCreationForm[User]
    ChangeFormBase = UserChangeForm[User]
else:
    PasswordFormBase = AdminPasswordChangeForm
    CreationFormBase = AdminUserCreationForm
    ChangeFormBase = UserChangeForm


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
