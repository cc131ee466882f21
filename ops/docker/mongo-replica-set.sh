#!/bin/bash
# Entry point of MongoDB as a replica set with accounts: its members know each other by a key file, which must belong to
# the server's account. The rest is the image's own entry point.
set -euo pipefail
printf '%s' "$MONGO_REPLICA_KEY" | tr -- '-_' '+/' > /tmp/replica-key
chmod 400 /tmp/replica-key
chown mongodb:mongodb /tmp/replica-key
exec docker-entrypoint.sh "$@"
