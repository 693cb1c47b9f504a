"""A ModelViewSet for each table. Related rows are joined, as a careful author would.

Do not improve it any further: Hubbub is compared with DRF as people use it.
"""

from django.contrib.auth.models import User
from django.db.models import QuerySet
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from bench.plain_drf.models import Member, Message, Room
from bench.plain_drf.serializers import (
    MemberSerializer,
    MessageSerializer,
    RoomSerializer,
    UserSerializer,
)


class RoomViewSet(viewsets.ModelViewSet[Room]):
    serializer_class = RoomSerializer

    def get_queryset(self) -> QuerySet[Room]:
        return Room.objects.filter(members__user=self.request.user)


class MemberViewSet(viewsets.ModelViewSet[Member]):
    serializer_class = MemberSerializer

    def get_queryset(self) -> QuerySet[Member]:
        members = Member.objects.filter(room=self.request.query_params["room"])
        return members.select_related("user")


class MessageViewSet(viewsets.ModelViewSet[Message]):
    serializer_class = MessageSerializer

    def get_queryset(self) -> QuerySet[Message]:
        messages = Message.objects.filter(room=self.request.query_params["room"])
        return messages.select_related("sender")

    def perform_create(self, serializer: BaseSerializer[Message]) -> None:
        serializer.save(sender=self.request.user)


class MeViewSet(viewsets.GenericViewSet[User]):
    serializer_class = UserSerializer

    def list(self, request: Request) -> Response:
        return Response(self.get_serializer(request.user).data)
