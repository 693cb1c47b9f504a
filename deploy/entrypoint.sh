#!/bin/sh
# Runs a command of the image. A database password may come from a file: it is put into
# DATABASE_URL, which then has a user but no password.
set -eu

if [ -n "${TMPDIR:-}" ]; then
    mkdir -p "$TMPDIR"
    # Uploads that a killed process left. Another container may be removing them too.
    find "$TMPDIR" -type f -mmin +60 -delete || :
fi

if [ -n "${DATABASE_PASSWORD_FILE:-}" ]; then
    password="$(cat "$DATABASE_PASSWORD_FILE")"
    export DATABASE_URL="${DATABASE_URL%%@*}:$password@${DATABASE_URL#*@}"
fi
exec "$@"
