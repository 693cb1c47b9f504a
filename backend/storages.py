"""Where Django keeps files: a folder of this machine, or S3 when S3_BUCKET names one.

Files are private in both: chat/ asks who may see one, and nothing else serves them.
"""

from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from .env import env_given_secret, env_str


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
            # Others than Amazon have one host name for all buckets.
            "addressing_style": "path" if endpoint else None,
            "region_name": env_str("S3_REGION") or None,
            # Without keys: those of the machine itself.
            "access_key": env_given_secret("S3_ACCESS_KEY") or None,
            "secret_key": env_given_secret("S3_SECRET_KEY") or None,
        },
    }
