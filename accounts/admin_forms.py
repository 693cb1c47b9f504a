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

from .models import DISPLAY_NAME_CHARACTERS, User
from .passwords import save_password

if TYPE_CHECKING:
    PasswordFormBase = AdminPasswordChangeForm[User]
    CreationFormBase = AdminUserCreationForm[User]
    ChangeFormBase = UserChangeForm[User]
else:
    PasswordFormBase = AdminPasswordChangeForm
    CreationFormBase = AdminUserCreationForm
    ChangeFormBase = UserChangeForm


class _CleanDisplayName:
    """The rule for display names that the API has, with its errors for a form."""

    cleaned_data: dict[str, Any]

    def clean_display_name(self) -> str:
        name = self.cleaned_data["display_name"]
        try:
            return clean_line("display_name", name, DISPLAY_NAME_CHARACTERS)
        except Invalid as refused:
            raise ValidationError(list(*(refused.fields or {}).values())) from None


class NewPersonForm(_CleanDisplayName, CreationFormBase):
    class Meta:
        model = User
        fields = ("username", "display_name", "is_bot")

    def set_password_and_save(
        self, user: User, commit: bool = True, **kwargs: Any
    ) -> User:
        """Hash the password after the commit: on SQLite all writes wait until then."""
        user.set_unusable_password()
        if commit:
            user.save()

        def save_password() -> None:
            user.set_password(self.cleaned_data["password1"])
            user.save(update_fields=["password"])

        if self.cleaned_data["set_usable_password"]:
            transaction.on_commit(save_password)
        return user


class PersonForm(_CleanDisplayName, ChangeFormBase):
    class Meta:
        model = User
        # A form that sets token_version could make void tokens good again.
        exclude = ("token_version",)


class PasswordForm(PasswordFormBase):
    def save(self, commit: bool = True) -> User:
        """End every session, since a password may be changed because it leaked."""
        user = super().save(commit=False)
        save_password(user)
        return user
