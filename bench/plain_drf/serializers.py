"""The wire shapes of the plain API, with the people nested as clients need them."""

from typing import ClassVar

from django.contrib.auth.models import User
from rest_framework import serializers

from bench.plain_drf.models import Member, Message, Room


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "username", "first_name", "last_name", "date_joined")


class RoomSerializer(serializers.ModelSerializer[Room]):
    class Meta:
        model = Room
        fields = ("id", "name", "topic", "created_at")


class MemberSerializer(serializers.ModelSerializer[Member]):
    user = UserSerializer(read_only=True)

    class Meta:
        model = Member
        fields = ("id", "user", "role", "joined_at")


class MessageSerializer(serializers.ModelSerializer[Message]):
    sender = UserSerializer(read_only=True)

    class Meta:
        model = Message
        fields: ClassVar[tuple[str, ...]] = (
            "id",
            "room",
            "sender",
            "body",
            "created_at",
            "edited_at",
        )
