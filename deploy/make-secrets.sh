#!/bin/sh
# Makes the secrets that are not there yet, in the directory given; others stay.
set -eu
cd "$1"
umask 077

# make NAME MODE
make() {
    [ ! -s "$1" ] || return 0
    # Another user may own a draft that was left behind.
    rm -f "$1.new"
    # Only letters, digits, - and _, since one of the secrets goes into a URL.
    head -c 48 /dev/urandom | base64 -w 0 | tr '+/' '-_' >"$1.new"
    chmod "$2" "$1.new"
    # Last, so that an interrupted start leaves no half of a secret.
    mv "$1.new" "$1"
    echo "Made $1."
}

# Compose runs this as the image's user, in the group of postgres, which may read the
# database's password.
make secret_key 0400
make jwt_signing_key 0400
make postgres_password 0440
