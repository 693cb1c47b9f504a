"""The plain API's ASGI application, which uvicorn runs as it runs Hubbub."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
