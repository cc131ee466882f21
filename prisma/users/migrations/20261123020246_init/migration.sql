-- CreateEnum
CREATE TYPE "follow_target" AS ENUM ('person', 'genre', 'user');

-- CreateTable
CREATE TABLE "profiles" (
    "user_id" INTEGER NOT NULL,
    "username" VARCHAR(120),
    "username_key" VARCHAR(120),
    "display_name" VARCHAR(120),
    "bio" VARCHAR(500),
    "avatar_url" VARCHAR(2048),
    "favorite_genre_ids" INTEGER[] DEFAULT ARRAY[]::INTEGER[],
    "language" VARCHAR(35) NOT NULL DEFAULT 'en',
    "mature_content" BOOLEAN NOT NULL DEFAULT false,
    "email_notifications" BOOLEAN NOT NULL DEFAULT true,
    "version" INTEGER NOT NULL DEFAULT 1,
    "joined_at" TIMESTAMPTZ(3) NOT NULL,
    "erased_at" TIMESTAMPTZ(3),

    CONSTRAINT "profiles_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "follows" (
    "id" BIGSERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "target_type" "follow_target" NOT NULL,
    "target_id" INTEGER NOT NULL,
    "followed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "follows_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "known_genres" (
    "id" INTEGER NOT NULL,

    CONSTRAINT "known_genres_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "known_people" (
    "id" INTEGER NOT NULL,

    CONSTRAINT "known_people_pkey" PRIMARY KEY ("id")
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
CREATE INDEX "profiles_username_key_idx" ON "profiles"("username_key");

-- CreateIndex
CREATE INDEX "follows_user_id_id_idx" ON "follows"("user_id", "id" DESC);

-- CreateIndex
CREATE INDEX "follows_target_type_target_id_idx" ON "follows"("target_type", "target_id");

-- CreateIndex
CREATE UNIQUE INDEX "follows_user_id_target_type_target_id_key" ON "follows"("user_id", "target_type", "target_id");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_event_id_key" ON "outbox"("event_id");

-- CreateIndex
CREATE INDEX "outbox_key_hash_position_idx" ON "outbox"("key_hash", "position");

-- CreateIndex
CREATE INDEX "inbox_accepted_at_idx" ON "inbox"("accepted_at");
