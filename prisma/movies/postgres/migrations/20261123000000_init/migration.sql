-- Words within titles are found by trigrams. A trusted extension: the database's owner may create it.
CREATE EXTENSION IF NOT EXISTS "pg_trgm";

-- CreateTable
CREATE TABLE "movies" (
    "id" SERIAL NOT NULL,
    "tmdb_id" INTEGER,
    "imdb_id" VARCHAR(11),
    "title" VARCHAR(300) NOT NULL,
    "original_title" VARCHAR(300),
    "alternative_titles" JSONB NOT NULL,
    "overview" TEXT,
    "tagline" VARCHAR(1000),
    "release_date" DATE,
    "year" INTEGER,
    "runtime" INTEGER,
    "genre_ids" JSONB NOT NULL,
    "original_language" CHAR(2),
    "countries" JSONB NOT NULL,
    "poster_url" VARCHAR(2048),
    "vote_count" INTEGER,
    "vote_average" DOUBLE PRECISION,
    "rating_count" INTEGER NOT NULL DEFAULT 0,
    "rating_average" DOUBLE PRECISION,
    "version" INTEGER NOT NULL DEFAULT 1,
    "updated_at" TIMESTAMP(3) NOT NULL,
    "popularity" DOUBLE PRECISION NOT NULL,
    "rating_score" DOUBLE PRECISION NOT NULL,
    "newest_key" INTEGER NOT NULL,
    "oldest_key" INTEGER NOT NULL,
    "title_key" VARCHAR(600) COLLATE "C" NOT NULL,

    CONSTRAINT "movies_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "movie_texts" (
    "movie_id" INTEGER NOT NULL,
    "search_text" TEXT NOT NULL,

    CONSTRAINT "movie_texts_pkey" PRIMARY KEY ("movie_id")
);

-- CreateTable
CREATE TABLE "movie_genres" (
    "genre_id" INTEGER NOT NULL,
    "movie_id" INTEGER NOT NULL,

    CONSTRAINT "movie_genres_pkey" PRIMARY KEY ("genre_id","movie_id")
);

-- CreateTable
CREATE TABLE "known_genres" (
    "id" INTEGER NOT NULL,

    CONSTRAINT "known_genres_pkey" PRIMARY KEY ("id")
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
CREATE UNIQUE INDEX "movies_tmdb_id_key" ON "movies"("tmdb_id");

-- CreateIndex
CREATE UNIQUE INDEX "movies_imdb_id_key" ON "movies"("imdb_id");

-- CreateIndex
CREATE INDEX "movies_popularity_id_idx" ON "movies"("popularity", "id");

-- CreateIndex
CREATE INDEX "movies_rating_score_id_idx" ON "movies"("rating_score", "id");

-- CreateIndex
CREATE INDEX "movies_newest_key_id_idx" ON "movies"("newest_key", "id");

-- CreateIndex
CREATE INDEX "movies_oldest_key_id_idx" ON "movies"("oldest_key", "id");

-- CreateIndex
CREATE INDEX "movies_title_key_id_idx" ON "movies"("title_key", "id");

-- CreateIndex
CREATE INDEX "movie_texts_search_text_idx" ON "movie_texts" USING GIN ("search_text" gin_trgm_ops);

-- CreateIndex
CREATE INDEX "movie_genres_movie_id_idx" ON "movie_genres"("movie_id");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_event_id_key" ON "outbox"("event_id");

-- CreateIndex
CREATE INDEX "outbox_key_hash_position_idx" ON "outbox"("key_hash", "position");

-- CreateIndex
CREATE INDEX "inbox_accepted_at_idx" ON "inbox"("accepted_at");
