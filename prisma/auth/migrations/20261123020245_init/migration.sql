-- CreateTable
CREATE TABLE "accounts" (
    "id" SERIAL NOT NULL,
    "email" VARCHAR(254),
    "email_key" VARCHAR(254),
    "username" VARCHAR(120),
    "username_key" VARCHAR(120),
    "password_hash" VARCHAR(200),
    "admin" BOOLEAN NOT NULL DEFAULT false,
    "source" VARCHAR(100),
    "version" INTEGER NOT NULL DEFAULT 1,
    "session_epoch" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "erased_at" TIMESTAMPTZ(3),

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "signing_keys" (
    "kid" VARCHAR(64) NOT NULL,
    "public_jwk" JSONB NOT NULL,
    "sealed_key" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "signs_from" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "signing_keys_pkey" PRIMARY KEY ("kid")
);

-- CreateTable
CREATE TABLE "outbox" (
    "position" BIGSERIAL NOT NULL,
    "event_id" VARCHAR(36) NOT NULL,
    "topic" VARCHAR(100) NOT NULL,
    "key" VARCHAR(64) NOT NULL,
    "key_hash" INTEGER NOT NULL,
    "type" VARCHAR(100) NOT NULL,
    "origin" VARCHAR(10) NOT NULL,
    "time" TIMESTAMP(3) NOT NULL,
    "traceparent" VARCHAR(64),
    "data" JSONB NOT NULL,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("position")
);

-- CreateTable
CREATE TABLE "outbox_lease" (
    "slot" INTEGER NOT NULL,
    "owner" VARCHAR(64),
    "expires_at" TIMESTAMP(3),

    CONSTRAINT "outbox_lease_pkey" PRIMARY KEY ("slot")
);

-- CreateTable
CREATE TABLE "inbox" (
    "group_name" VARCHAR(100) NOT NULL,
    "event_id" VARCHAR(36) NOT NULL,
    "accepted_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inbox_pkey" PRIMARY KEY ("group_name","event_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "accounts_email_key_key" ON "accounts"("email_key");

-- CreateIndex
CREATE UNIQUE INDEX "accounts_username_key_key" ON "accounts"("username_key");

-- CreateIndex
CREATE UNIQUE INDEX "accounts_source_key" ON "accounts"("source");

-- CreateIndex
CREATE INDEX "accounts_admin_idx" ON "accounts"("admin");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_event_id_key" ON "outbox"("event_id");

-- CreateIndex
CREATE INDEX "outbox_key_hash_position_idx" ON "outbox"("key_hash", "position");

-- CreateIndex
CREATE INDEX "inbox_accepted_at_idx" ON "inbox"("accepted_at");
