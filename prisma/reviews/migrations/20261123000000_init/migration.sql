-- CreateTable
CREATE TABLE "reviews" (
    "id" SERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "movie_id" INTEGER NOT NULL,
    "rating" SMALLINT NOT NULL,
    "text" VARCHAR(2000),
    "helpful_count" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reviews_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "reviews_rating_check" CHECK ("rating" BETWEEN 1 AND 10),
    CONSTRAINT "reviews_helpful_count_check" CHECK ("helpful_count" >= 0)
);

-- CreateTable
CREATE TABLE "helpful_marks" (
    "review_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,

    CONSTRAINT "helpful_marks_pkey" PRIMARY KEY ("review_id","user_id")
);

-- CreateTable
CREATE TABLE "rated_movies" (
    "id" INTEGER NOT NULL,
    "gone" BOOLEAN NOT NULL DEFAULT false,
    "rating_sum" INTEGER NOT NULL DEFAULT 0,
    "rating_count" INTEGER NOT NULL DEFAULT 0,
    "step_1" INTEGER NOT NULL DEFAULT 0,
    "step_2" INTEGER NOT NULL DEFAULT 0,
    "step_3" INTEGER NOT NULL DEFAULT 0,
    "step_4" INTEGER NOT NULL DEFAULT 0,
    "step_5" INTEGER NOT NULL DEFAULT 0,
    "step_6" INTEGER NOT NULL DEFAULT 0,
    "step_7" INTEGER NOT NULL DEFAULT 0,
    "step_8" INTEGER NOT NULL DEFAULT 0,
    "step_9" INTEGER NOT NULL DEFAULT 0,
    "step_10" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "rated_movies_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "rated_movies_count_check" CHECK (
        "rating_count" >= 0 AND "rating_count" =
        "step_1" + "step_2" + "step_3" + "step_4" + "step_5" + "step_6" + "step_7" + "step_8" + "step_9" + "step_10"
    ),
    CONSTRAINT "rated_movies_sum_check" CHECK (
        "rating_sum" = "step_1" + 2 * "step_2" + 3 * "step_3" + 4 * "step_4" + 5 * "step_5"
        + 6 * "step_6" + 7 * "step_7" + 8 * "step_8" + 9 * "step_9" + 10 * "step_10"
    )
)
-- Counters change in place, and no index is on them.
WITH (fillfactor = 70);

-- CreateTable
CREATE TABLE "reviewers" (
    "id" INTEGER NOT NULL,
    "review_count" INTEGER NOT NULL DEFAULT 0,
    "erased_at" TIMESTAMPTZ(3),

    CONSTRAINT "reviewers_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "reviewers_review_count_check" CHECK ("review_count" >= 0)
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
CREATE INDEX "reviews_movie_id_created_at_id_idx" ON "reviews"("movie_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "reviews_movie_id_rating_id_idx" ON "reviews"("movie_id", "rating", "id");

-- CreateIndex
CREATE INDEX "reviews_movie_id_helpful_count_id_idx" ON "reviews"("movie_id", "helpful_count", "id");

-- CreateIndex
CREATE INDEX "reviews_user_id_created_at_id_idx" ON "reviews"("user_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "reviews_user_id_movie_id_key" ON "reviews"("user_id", "movie_id");

-- CreateIndex
CREATE INDEX "helpful_marks_user_id_idx" ON "helpful_marks"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_event_id_key" ON "outbox"("event_id");

-- CreateIndex
CREATE INDEX "outbox_key_hash_position_idx" ON "outbox"("key_hash", "position");

-- CreateIndex
CREATE INDEX "inbox_accepted_at_idx" ON "inbox"("accepted_at");
