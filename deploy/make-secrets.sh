#!/bin/sh
# Makes the secrets that are not there yet, in the directory given; others stay.
set -eu
cd "$1"
umask 077

# make NAME OWNER MODE
make() {
    [ ! -s "$1" ] || return 0
    # One that was left half made may be somebody else's already.
    rm -f "$1.new"
    # Letters, digits, - and _ alone: one of them goes into a URL.
    head -c 48 /dev/urandom | base64 -w 0 | tr '+/' '-_' >"$1.new"
    chmod "$3" "$1.new"
    # Only root can give a file away; made by somebody else, it is theirs.
    [ "$(id -u)" != 0 ] || chown "$2" "$1.new"
    # Last: an interrupted start leaves no half of a secret.
    mv "$1.new" "$1"
    echo "Made $1."
}

# 10001 is the image's user, 70 the group of postgres in postgres:*-alpine.
make secret_key 10001:10001 0400
make jwt_signing_key 10001:10001 0400
make postgres_password 10001:70 0440
