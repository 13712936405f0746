#!/bin/sh
# Makes what the compose file reads from secrets/: a passphrase, and a certificate that the broker is known by. Where they are already, nothing is changed.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir secrets
cd secrets
openssl rand -base64 24 | tr -d '\n' > passphrase
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj /CN=broker -addext subjectAltName=DNS:broker -keyout broker.key -out broker.pem 2>/dev/null
# The containers' user has the number 1000, as most people's first user; anybody else gives the files to it.
[ "$(id -u)" = 1000 ] || chown -R 1000:1000 . 2>/dev/null || echo "make these files readable for user 1000: $PWD" >&2
