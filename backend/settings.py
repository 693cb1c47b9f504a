"""All settings, read from the environment; docs/operations.md lists the variables.

Nothing needs to be set for a first run with DEBUG=on: SQLite, one process, own keys.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.http.request import split_domain_port

from .env import (
    env_bool,
    env_choice,
    env_database,
    env_int,
    env_list,
    env_mail,
    env_origin,
    env_prefixed,
    env_secret,
    env_str,
)
from .logs import logging_of
from .storages import file_storage

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = env_bool("DEBUG", False)

# --- Where things are kept -----------------------------------------------------------

STATE_DIR = Path(env_str("STATE_DIR") or BASE_DIR / "var")
WEB_DIR = BASE_DIR / "frontend" / "apps" / "web" / "dist"

# --- Security ------------------------------------------------------------------------

SECRET_KEY = env_secret("SECRET_KEY", development_dir=STATE_DIR if DEBUG else None)
# Every host name is fine while developing on this machine; a server names its own.
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if DEBUG else "")
# Where people find this server. Its host is one of ours; https:// turns on all that
# would lock people out of a server without TLS.
PUBLIC_URL = env_origin("PUBLIC_URL")
HTTPS = PUBLIC_URL.startswith("https://")
if PUBLIC_URL:
    ALLOWED_HOSTS += [split_domain_port(urlsplit(PUBLIC_URL).netloc)[0]]
# Pages of these origins may call the API and open the socket, besides our own page.
ALLOWED_ORIGINS = env_list("ALLOWED_ORIGINS", "http://localhost:5173" if DEBUG else "")
# Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed (backend/asgi.py):
# addresses, networks, or * where nobody else can reach this process. From anybody else
# the headers mean nothing. SECURE_PROXY_SSL_HEADER would believe everybody.
TRUSTED_PROXIES = env_list("TRUSTED_PROXIES")
CORS_ALLOWED_ORIGINS = ALLOWED_ORIGINS
CORS_URLS_REGEX = r"^/api/"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = HTTPS
SECURE_SSL_HOST = urlsplit(PUBLIC_URL).netloc
# What asks for these comes from inside, not through the proxy.
SECURE_REDIRECT_EXEMPT = ["^(healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
# The prefix keeps other hosts of the domain from setting them; browsers take it from
# https alone.
_COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrftoken"
SILENCED_SYSTEM_CHECKS = [
    # HSTS for other hosts of the domain, and its lists in browsers, are not ours to
    # decide: they outlive this server.
    "security.W005",
    "security.W021",
    # What needs TLS follows PUBLIC_URL; accounts/checks.py says in one warning when a
    # public server lacks it. At home, without TLS, these four would never go away.
    "security.W004",
    "security.W008",
    "security.W012",
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

# Who sends it may read /metrics; while it is empty nobody may.
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
    # Clocks of two servers differ by this much at most.
    "LEEWAY": 5,
    "ACCESS_TOKEN_LIFETIME": timedelta(
        seconds=env_int("ACCESS_TOKEN_SECONDS", 600, minimum=1)
    ),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
}
# After so many days people log in again, however often they refreshed.
SESSION_DAYS = env_int("SESSION_DAYS", 90, minimum=1)
# Access tokens may be put in the socket's query string unless this is on; a ticket
# always may.
WS_REQUIRE_TICKET = env_bool("WS_REQUIRE_TICKET", False)
# Whether visiting the name of a public room that is not there makes it.
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
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
# Not built yet: the API goes without it.
WHITENOISE_ROOT = WEB_DIR if WEB_DIR.is_dir() else None
# Serves the packages' static files from where they are: no collectstatic to forget.
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
# By content. What is not known by its content is application/octet-stream.
ATTACHMENT_TYPES = env_list(
    "ATTACHMENT_TYPES",
    "image/png,image/jpeg,image/gif,image/webp,"
    "text/plain,application/pdf,application/rtf,"
    "application/msword,application/vnd.ms-excel,application/vnd.ms-powerpoint,"
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document,"
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet,"
    "application/vnd.openxmlformats-officedocument.presentationml.presentation,"
    "application/vnd.oasis.opendocument.text,"
    "application/vnd.oasis.opendocument.spreadsheet,"
    "application/vnd.oasis.opendocument.presentation,"
    "application/zip,application/gzip,application/x-7z-compressed,application/x-tar,"
    "audio/mpeg,audio/ogg,audio/mp4,audio/x-flac,audio/x-wav,"
    "video/mp4,video/webm,video/quicktime,video/x-matroska",
)

# --- Database ------------------------------------------------------------------------

DATABASE = env_database("DATABASE_URL", STATE_DIR / "hubbub.sqlite3")
# How many threads of one process may work in the database at once.
DB_THREADS = env_int("DB_THREADS", 8, minimum=2)
if str(DATABASE["ENGINE"]).endswith("sqlite3"):
    Path(str(DATABASE["NAME"])).parent.mkdir(parents=True, exist_ok=True)
    DATABASE["OPTIONS"] = {
        # IMMEDIATE takes the write lock at BEGIN: a transaction that reads first and
        # writes later would otherwise fail with "database is locked" at the upgrade.
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    # In seconds, for people who wait for an answer; `manage.py` asks for long ones for
    # its commands, core/db_timeouts.py for work in the background. A lock may be waited
    # for twice, behind the batch of messages before one's own, and still be answered
    # before the command's time is up (realtime/handlers).
    _is_long = env_choice("DB_TIMEOUTS", "short", "long") == "long"
    _timeouts = " ".join(
        f"-c {name}={long if _is_long else short}s"
        for name, short, long in (
            ("statement_timeout", 5, 3600),
            ("lock_timeout", 2, 60),
            ("idle_in_transaction_session_timeout", 15, 600),
        )
    )
    # The pool keeps connections across threads; CONN_MAX_AGE must then be 0, and under
    # ASGI anything else leaks a connection per short-lived thread anyway:
    # https://docs.djangoproject.com/en/5.2/ref/databases/#connection-pool
    DATABASE["CONN_MAX_AGE"] = 0
    # No CONN_HEALTH_CHECKS: after PostgreSQL restarted all in the pool are dead, and
    # psycopg's pool sleeps 1, 2, 4 s between its checks. One failed use is quicker.
    _options = dict(DATABASE.get("OPTIONS") or {})  # type: ignore[call-overload]
    DATABASE["OPTIONS"] = {
        **_options,
        # Of two that name the same the last one counts.
        "options": f"{_timeouts} {_options.get('options', '')}".strip(),
        # One for each thread: besides DB_THREADS one that writes, eight for REST, three
        # in the background, one that mails, one that follows the log.
        "pool": {"min_size": 2, "max_size": DB_THREADS + 14, "timeout": 5},
    }
DATABASES = {"default": DATABASE}

# --- Channel layer: a hint between processes, never the truth ------------------------

REDIS_URL = env_str("REDIS_URL")
if REDIS_URL:
    CHANNEL_LAYERS: dict[str, dict[str, object]] = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                "prefix": "hubbub",
                "hosts": [
                    {
                        "address": REDIS_URL,
                        # redis-py 8 waits 5 s by default:
                        # https://github.com/django/channels_redis/issues/422
                        "socket_timeout": 15,
                        "socket_connect_timeout": 3,
                        "socket_keepalive": True,
                        "health_check_interval": 10,
                    }
                ],
            },
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

# --- Limits (core/limits/ names them) ----------------------------------------------

RATE_LIMITS = env_bool("RATE_LIMITS", True)
# LIMIT_MESSAGES_BURST=50 and so on; core/limits/ has the table that reads them.
LIMITS = env_prefixed("LIMIT_")
# daphne's own limit on a frame; `serve` gives uvicorn the same. None on messages:
# daphne would hold what it sends to that, too, and a resume may be longer.
DAPHNE_WEBSOCKET_MAX_FRAME_SIZE = 65_536

# --- REST ----------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["api.strict_json.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["api.strict_json.PayloadRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.exceptions.answer",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Hubbub",
    "DESCRIPTION": "A self-hosted chat backend: REST here, live events over /ws/v1.",
    "VERSION": "1",
    "LICENSE": {"name": "MIT"},
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": r"/api/v1/",
    "COMPONENT_SPLIT_REQUEST": False,
    # The default hook names the enums of serializers; the payloads are no serializers.
    "POSTPROCESSING_HOOKS": ["api.schema.explained"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    # From the installed package: the pages work without the internet.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Mail (accounts/mails.py) ----------------------------------------------------

_mail = env_mail("EMAIL_URL")
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
globals().update(_mail)
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", "hubbub@localhost")
# To the console only while developing: a log has no business with these links.
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
