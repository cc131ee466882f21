#!/bin/bash
# Health check of MongoDB: makes the replica set of one on its first run, and is content when its member can be written to.
set -euo pipefail
mongosh --quiet --username "$MONGO_INITDB_ROOT_USERNAME" --password "$MONGO_INITDB_ROOT_PASSWORD" \
  --authenticationDatabase admin --eval '
    try { rs.status() } catch (error) {
      if (error.codeName !== "NotYetInitialized") throw error
      rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] })
    }
    quit(db.hello().isWritablePrimary ? 0 : 1)'
