"""The routes of the plain API."""

from rest_framework.routers import SimpleRouter

from bench.plain_drf import views

router = SimpleRouter()
router.register("rooms", views.RoomViewSet, basename="room")
router.register("members", views.MemberViewSet, basename="member")
router.register("messages", views.MessageViewSet, basename="message")
router.register("me", views.MeViewSet, basename="me")

urlpatterns = router.urls
