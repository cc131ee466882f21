-- What a genre's pages are ordered by moves beside it, so that a page is one walk along one index.
ALTER TABLE "movie_genres"
    ADD COLUMN "popularity" DOUBLE PRECISION,
    ADD COLUMN "rating_score" DOUBLE PRECISION,
    ADD COLUMN "newest_key" INTEGER,
    ADD COLUMN "oldest_key" INTEGER,
    ADD COLUMN "title_key" VARCHAR(600) COLLATE "C";

UPDATE "movie_genres" g
    SET "popularity" = m."popularity", "rating_score" = m."rating_score", "newest_key" = m."newest_key",
        "oldest_key" = m."oldest_key", "title_key" = m."title_key"
    FROM "movies" m WHERE m."id" = g."movie_id";

ALTER TABLE "movie_genres"
    ALTER COLUMN "popularity" SET NOT NULL,
    ALTER COLUMN "rating_score" SET NOT NULL,
    ALTER COLUMN "newest_key" SET NOT NULL,
    ALTER COLUMN "oldest_key" SET NOT NULL,
    ALTER COLUMN "title_key" SET NOT NULL;

-- CreateIndex
CREATE INDEX "movie_genres_genre_id_popularity_movie_id_idx" ON "movie_genres"("genre_id", "popularity", "movie_id");

-- CreateIndex
CREATE INDEX "movie_genres_genre_id_rating_score_movie_id_idx" ON "movie_genres"("genre_id", "rating_score", "movie_id");

-- CreateIndex
CREATE INDEX "movie_genres_genre_id_newest_key_movie_id_idx" ON "movie_genres"("genre_id", "newest_key", "movie_id");

-- CreateIndex
CREATE INDEX "movie_genres_genre_id_oldest_key_movie_id_idx" ON "movie_genres"("genre_id", "oldest_key", "movie_id");

-- CreateIndex
CREATE INDEX "movie_genres_genre_id_title_key_movie_id_idx" ON "movie_genres"("genre_id", "title_key", "movie_id");
