"""Logging in to the admin site, and changing one's own password there.

The views are Django's. The forms count guesses and end sessions as the API does.
"""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import (
    AdminAuthenticationForm,
    AdminPasswordChangeForm,
)
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from core import limits
from core.audit import Event, record
from core.errors import Invalid, RateLimited, Refusal

from .actor import system
from .models import User
from .passwords import check_own_password, save_password
from .sessions import limit_guesses


class LogInForm(AdminAuthenticationForm):
    """Counts guesses together with the API's, by address and by account."""

    def clean(self) -> dict[str, Any]:
        address = self.request.META["REMOTE_ADDR"] if self.request else ""
        try:
            limits.logins.take(address)
            with limit_guesses(self.cleaned_data.get("username", "")):
                return super().clean()
        except RateLimited as refused:
            raise ValidationError(refused.detail) from None

    def confirm_login_allowed(self, user: User) -> None:
        """Record a right password that opens nothing: Django sends no signal for it."""
        try:
            super().confirm_login_allowed(user)
        except ValidationError:
            record(Event.LOGIN_FAILED, user=user.pk)
            raise


class OwnPasswordForm(AdminPasswordChangeForm):
    """Counts guesses of the old password, since a cookie may be in wrong hands."""

    def clean_old_password(self) -> str:
        given: str = self.cleaned_data["old_password"]
        try:
            check_own_password(system(self.user), given)
        except Invalid:
            raise ValidationError(self.error_messages["password_incorrect"]) from None
        except Refusal as refused:
            raise ValidationError(refused.detail) from None
        return given

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        save_password(user)
        return user


class Site(AdminSite):
    login_form = LogInForm

    def password_change(  # type: ignore[override]  # it may redirect
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Django's own view with our form, for which Django has no setting."""
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)
