#!/bin/sh
# Makes what the compose file reads from secrets/: a passphrase, the store's password and configuration, and certificates for brokers and store. Where they are already, nothing is changed.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir secrets
cd secrets
openssl rand -base64 24 | tr -d '\n' > passphrase
openssl rand -hex 24 | tr -d '\n' > store-password
for name in broker store; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=$name" -addext "subjectAltName=DNS:$name" -keyout "$name.key" -out "$name.pem" 2>/dev/null
done
# TLS alone, and what was answered stands on the disk.
cat > redis.conf <<END
port 0
tls-port 6379
tls-cert-file /run/secrets/store-cert
tls-key-file /run/secrets/store-key
tls-auth-clients no
requirepass $(cat store-password)
dir /data
save ""
appendonly yes
appendfsync always
maxmemory-policy noeviction
END
# Redis' user has another number, and so has HAProxy's. On this machine nobody else comes through the folder.
chmod 0644 redis.conf store.key store.pem broker.pem
# The containers' user has the number 1000, as most people's first user; anybody else gives the files to it.
[ "$(id -u)" = 1000 ] || chown -R 1000:1000 . 2>/dev/null || echo "make these files readable for user 1000: $PWD" >&2
