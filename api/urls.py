"""The whole REST surface, on one screen."""

from django.urls import path

from .exceptions import not_found
from .views import (
    auth,
    files,
    limits,
    me,
    members,
    messages,
    people,
    reactions,
    reads,
    rooms,
    search,
)

urlpatterns = [
    path("auth/register", auth.RegisterView.as_view()),
    path("auth/login", auth.LoginView.as_view()),
    path("auth/refresh", auth.RefreshView.as_view()),
    path("auth/logout", auth.LogoutView.as_view()),
    path("auth/logout-all", auth.LogoutAllView.as_view()),
    path("auth/ticket", auth.TicketView.as_view()),
    path("me", me.MeView.as_view()),
    path("me/password", me.PasswordView.as_view()),
    path("me/sessions", me.SessionsView.as_view()),
    path("me/sessions/<uuid:session_id>", me.SessionView.as_view()),
    path("me/avatar", files.MyAvatarView.as_view()),
    path("avatars/<str:avatar>", files.AvatarView.as_view()),
    path("attachments/<str:attachment_id>", files.AttachmentView.as_view()),
    path("attachments/<str:attachment_id>/thumbnail", files.ThumbnailView.as_view()),
    path("attachments/<str:attachment_id>/link", files.LinkView.as_view()),
    path("directory", rooms.DirectoryView.as_view()),
    path("rooms", rooms.RoomsView.as_view()),
    path("rooms/by-name/<path:name>", rooms.NamedRoomView.as_view()),
    path("rooms/<str:room_id>", rooms.RoomView.as_view()),
    path("rooms/<str:room_id>/join", rooms.JoinView.as_view()),
    path("rooms/<str:room_id>/leave", rooms.LeaveView.as_view()),
    path("rooms/<str:room_id>/avatar", files.RoomAvatarView.as_view()),
    path("rooms/<str:room_id>/attachments", files.AttachmentsView.as_view()),
    path("rooms/<str:room_id>/members", members.MembersView.as_view()),
    path("rooms/<str:room_id>/members/<str:user_id>", members.MemberView.as_view()),
    path("rooms/<str:room_id>/members/<str:user_id>/mute", members.MuteView.as_view()),
    path("rooms/<str:room_id>/bans", members.BansView.as_view()),
    path("rooms/<str:room_id>/bans/<str:user_id>", members.BanView.as_view()),
    path("rooms/<str:room_id>/messages", messages.MessagesView.as_view()),
    path("rooms/<str:room_id>/messages/<int:seq>", messages.MessageView.as_view()),
    path(
        "rooms/<str:room_id>/messages/<int:seq>/reactions/<str:emoji>",
        reactions.ReactionView.as_view(),
    ),
    path("rooms/<str:room_id>/messages/<int:seq>/pin", reactions.PinView.as_view()),
    path("rooms/<str:room_id>/read", reads.ReadView.as_view()),
    path("rooms/<str:room_id>/unread", reads.UnreadView.as_view()),
    path("users", people.UsersView.as_view()),
    path("direct", people.DirectView.as_view()),
    path("search", search.SearchView.as_view()),
    path("limits", limits.LimitsView.as_view()),
    # JSON here too, and with DEBUG, where Django would answer with a page of its own.
    path("<path:address>", not_found),
]
