"""Where Django keeps files: in a folder of this machine, or in S3 if S3_BUCKET is set.

Files are private in both places: the chat decides who may see one and serves it.
"""

from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from .env import env_given_secret, env_list, env_str

# Office documents, pictures, archives, sound, video and text, by their content.
_ATTACHMENT_TYPES = (
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
    "video/mp4,video/webm,video/quicktime,video/x-matroska"
)


def attachment_types() -> list[str]:
    return env_list("ATTACHMENT_TYPES", _ATTACHMENT_TYPES)


def file_storage(directory: Path) -> dict[str, object]:
    if bucket := env_str("S3_BUCKET"):
        return _s3(bucket)
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": str(directory),
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    }


def _s3(bucket: str) -> dict[str, object]:
    if find_spec("boto3") is None:
        raise ImproperlyConfigured(
            "S3_BUCKET is set, but boto3 is not installed: install the extra `s3`"
            " (`uv sync --extra s3`), or unset S3_BUCKET to keep files in a folder."
        )
    endpoint = env_str("S3_ENDPOINT") or None
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": endpoint,
            # Servers other than Amazon have one host name for all buckets.
            "addressing_style": "path" if endpoint else None,
            "region_name": env_str("S3_REGION") or None,
            # Without keys boto3 takes the credentials of the machine itself.
            "access_key": env_given_secret("S3_ACCESS_KEY") or None,
            "secret_key": env_given_secret("S3_SECRET_KEY") or None,
        },
    }
