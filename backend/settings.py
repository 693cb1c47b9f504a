"""All settings. docs/operations.md lists the environment variables that they come from.

With DEBUG=on nothing needs to be set: one process, SQLite, and keys that it makes.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.http.request import split_domain_port

from .channel_layer import channel_layer
from .databases import database
from .env import (
    env_bool,
    env_choice,
    env_int,
    env_list,
    env_mail,
    env_origin,
    env_prefixed,
    env_secret,
    env_str,
)
from .logs import logging_of
from .rest import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401  (settings, too)
from .storages import attachment_types, file_storage

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = env_bool("DEBUG", False)

# --- Where things are kept -----------------------------------------------------------

STATE_DIR = Path(env_str("STATE_DIR") or BASE_DIR / "var")
WEB_DIR = BASE_DIR / "frontend" / "apps" / "web" / "dist"

# --- Security ------------------------------------------------------------------------

SECRET_KEY = env_secret("SECRET_KEY", development_dir=STATE_DIR if DEBUG else None)
# While developing, this machine's names; a server names its own.
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if DEBUG else "")
# Where people find this server. Its host is allowed too. With https:// everything is
# switched on that would lock people out of a server without TLS.
PUBLIC_URL = env_origin("PUBLIC_URL")
HTTPS = PUBLIC_URL.startswith("https://")
if PUBLIC_URL:
    ALLOWED_HOSTS += [split_domain_port(urlsplit(PUBLIC_URL).netloc)[0]]
# Pages of these origins may call the API and open the socket, besides our own page.
ALLOWED_ORIGINS = env_list("ALLOWED_ORIGINS", "http://localhost:5173" if DEBUG else "")
# Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed (backend/asgi.py):
# addresses, networks, or * where nobody else can reach this process. From everybody
# else they are ignored; SECURE_PROXY_SSL_HEADER would believe everybody.
TRUSTED_PROXIES = env_list("TRUSTED_PROXIES")
CORS_ALLOWED_ORIGINS = ALLOWED_ORIGINS
CORS_URLS_REGEX = r"^/api/"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = HTTPS
SECURE_SSL_HOST = urlsplit(PUBLIC_URL).netloc
# Requests for these come from inside and not through the proxy.
SECURE_REDIRECT_EXEMPT = ["^(healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
# With this prefix other hosts of the domain cannot set the cookies. Browsers accept it
# over https alone.
_COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrftoken"
SILENCED_SYSTEM_CHECKS = [
    # HSTS for other hosts of the domain, and the lists of it in browsers, are for the
    # owner of the domain to decide: they outlive this server.
    "security.W005",
    "security.W021",
    # These four want TLS. At home, without it, they would never go away. Here they
    # follow PUBLIC_URL, and accounts/checks.py warns when a public server has no TLS.
    "security.W004",
    "security.W008",
    "security.W010",
    "security.W016",
]
PASSWORD_HASHERS = ["accounts.hashers.Argon2"]
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": "accounts.demo.PrintedPasswordValidator"}]

# Opens /metrics. While it is empty nobody may read them.
METRICS_TOKEN = env_str("METRICS_TOKEN")

# --- Tokens (accounts/tokens.py) -----------------------------------------------------

JWT_SIGNING_KEY = env_secret(
    "JWT_SIGNING_KEY", development_dir=STATE_DIR if DEBUG else None
)
JWT_PREVIOUS_KEY = env_str("JWT_PREVIOUS_KEY")
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SIGNING_KEY,
    "ISSUER": "hubbub",
    "AUDIENCE": "hubbub",
    "USER_ID_CLAIM": "sub",
    # Seconds by which the clocks of two servers may differ.
    "LEEWAY": 5,
    "ACCESS_TOKEN_LIFETIME": timedelta(
        seconds=env_int("ACCESS_TOKEN_SECONDS", 600, minimum=1)
    ),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
}
# A session ends after so many days, however often its tokens were refreshed.
SESSION_DAYS = env_int("SESSION_DAYS", 90, minimum=1)
# Unless this is on, an access token may be in a socket's query string. A ticket may be
# there in any case.
WS_REQUIRE_TICKET = env_bool("WS_REQUIRE_TICKET", False)
# Whether asking for a public room by a name that is not taken makes the room.
ALLOW_GET_OR_CREATE = env_bool("ALLOW_GET_OR_CREATE", True)

# People without an account may read the rooms that allow it.
ALLOW_GUESTS = env_bool("ALLOW_GUESTS", False)

# --- Applications --------------------------------------------------------------------

INSTALLED_APPS = [
    # Before daphne: its `runserver` drains the sockets when told to stop.
    "realtime",
    "daphne",
    "accounts.apps.AccountsConfig",
    "chat",
    "api",
    # django.contrib.admin, with our forms.
    "accounts.apps.SiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "backend.headers.policies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "backend.cookies.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "backend.cookies.People",
    "backend.cookies.Notices",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "backend.urls"
ASGI_APPLICATION = "backend.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

# --- Static files: the built page, the admin's and the API pages' --------------------

STATIC_URL = "static/"
# None until the page is built; the API works without it.
WHITENOISE_ROOT = WEB_DIR if WEB_DIR.is_dir() else None
# The packages' static files are served from where they are, without collectstatic.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# Pages of other origins have no use for our page's files.
WHITENOISE_ALLOW_ALL_ORIGINS = False
# Their names hold a hash of what is in them.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/assets/"

# --- Files that people upload (chat/stored_files.py) ---------------------------------

STORAGES = {
    "default": file_storage(STATE_DIR / "files"),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# By their content. A file of an unknown type is application/octet-stream.
ATTACHMENT_TYPES = attachment_types()

# --- Database (backend/databases.py) -------------------------------------------------

# How many threads of one process may work in the database for sockets at once.
DB_THREADS = env_int("DB_THREADS", 8, minimum=2)
DATABASE = database(STATE_DIR / "hubbub.sqlite3", DB_THREADS)
DATABASES = {"default": DATABASE}

# --- Channel layer (backend/channel_layer.py) ----------------------------------------

REDIS_URL = env_str("REDIS_URL")
CHANNEL_LAYERS = {"default": channel_layer(REDIS_URL)}

# --- Limits (core/limits/table.py) ---------------------------------------------------

RATE_LIMITS = env_bool("RATE_LIMITS", True)
# LIMIT_MESSAGES_BURST=50 and so on.
LIMITS = env_prefixed("LIMIT_")
# daphne's own limit on a frame; `serve` gives uvicorn the same. A whole message has no
# limit: daphne would apply it to what it sends too, and a resume may be longer.
DAPHNE_WEBSOCKET_MAX_FRAME_SIZE = 65_536

# --- Mail (accounts/mails.py) --------------------------------------------------------

_mail = env_mail("EMAIL_URL")
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
globals().update(_mail)
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", "hubbub@localhost")
# Mails are printed while developing alone: their links have no place in a log.
SENDS_MAIL = bool(_mail) or DEBUG
PASSWORD_RESET_TIMEOUT = 3600
# Whether people get a mail about a mention that they have not read for so many minutes
# (chat/followers/mention_mails.py).
MENTION_MAILS = env_bool("MENTION_MAILS", False) and SENDS_MAIL
MENTION_MAIL_MINUTES = env_int("MENTION_MAIL_MINUTES", 15, minimum=1)

# --- Logging (backend/logs.py) -------------------------------------------------------

LOG_LEVEL = env_str("LOG_LEVEL", "INFO").upper()
LOG_FORMAT = env_choice("LOG_FORMAT", "line", "json")
LOGGING = logging_of(LOG_LEVEL, LOG_FORMAT)
