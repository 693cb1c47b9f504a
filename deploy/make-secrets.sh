#!/bin/sh
# Makes the secrets that are not there yet, in the directory given; others stay.
set -eu
cd "$1"
umask 077

# make NAME MODE
make() {
    [ ! -s "$1" ] || return 0
    # One that was left half made may be somebody else's already.
    rm -f "$1.new"
    # Letters, digits, - and _ alone: one of them goes into a URL.
    head -c 48 /dev/urandom | base64 -w 0 | tr '+/' '-_' >"$1.new"
    chmod "$2" "$1.new"
    # Last: an interrupted start leaves no half of a secret.
    mv "$1.new" "$1"
    echo "Made $1."
}

# Each is its maker's: Compose runs this as the image's user, in the group of postgres.
make secret_key 0400
make jwt_signing_key 0400
make postgres_password 0440
