-- Text is compared byte by byte, as in PostgreSQL: what is to be equal without regard to case or accents is folded first.

-- CreateTable
CREATE TABLE IF NOT EXISTS `movies` (
    `id` INTEGER NOT NULL AUTO_INCREMENT,
    `tmdb_id` INTEGER NULL,
    `imdb_id` VARCHAR(11) NULL,
    `title` VARCHAR(300) NOT NULL,
    `original_title` VARCHAR(300) NULL,
    `alternative_titles` JSON NOT NULL,
    `overview` TEXT NULL,
    `tagline` VARCHAR(1000) NULL,
    `release_date` DATE NULL,
    `year` INTEGER NULL,
    `runtime` INTEGER NULL,
    `genre_ids` JSON NOT NULL,
    `original_language` CHAR(2) NULL,
    `countries` JSON NOT NULL,
    `poster_url` VARCHAR(2048) NULL,
    `vote_count` INTEGER NULL,
    `vote_average` DOUBLE NULL,
    `rating_count` INTEGER NOT NULL DEFAULT 0,
    `rating_average` DOUBLE NULL,
    `version` INTEGER NOT NULL DEFAULT 1,
    `updated_at` DATETIME(3) NOT NULL,
    `popularity` DOUBLE NOT NULL,
    `rating_score` DOUBLE NOT NULL,
    `newest_key` INTEGER NOT NULL,
    `oldest_key` INTEGER NOT NULL,
    `title_key` VARCHAR(600) NOT NULL,

    UNIQUE INDEX `movies_tmdb_id_key`(`tmdb_id`),
    UNIQUE INDEX `movies_imdb_id_key`(`imdb_id`),
    INDEX `movies_popularity_id_idx`(`popularity`, `id`),
    INDEX `movies_rating_score_id_idx`(`rating_score`, `id`),
    INDEX `movies_newest_key_id_idx`(`newest_key`, `id`),
    INDEX `movies_oldest_key_id_idx`(`oldest_key`, `id`),
    INDEX `movies_title_key_id_idx`(`title_key`, `id`),
    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE IF NOT EXISTS `movie_texts` (
    `movie_id` INTEGER NOT NULL,
    `search_text` MEDIUMTEXT NOT NULL,

    PRIMARY KEY (`movie_id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE IF NOT EXISTS `movie_genres` (
    `genre_id` INTEGER NOT NULL,
    `movie_id` INTEGER NOT NULL,
    `popularity` DOUBLE NOT NULL,
    `rating_score` DOUBLE NOT NULL,
    `newest_key` INTEGER NOT NULL,
    `oldest_key` INTEGER NOT NULL,
    `title_key` VARCHAR(600) NOT NULL,

    INDEX `movie_genres_genre_id_popularity_movie_id_idx`(`genre_id`, `popularity`, `movie_id`),
    INDEX `movie_genres_genre_id_rating_score_movie_id_idx`(`genre_id`, `rating_score`, `movie_id`),
    INDEX `movie_genres_genre_id_newest_key_movie_id_idx`(`genre_id`, `newest_key`, `movie_id`),
    INDEX `movie_genres_genre_id_oldest_key_movie_id_idx`(`genre_id`, `oldest_key`, `movie_id`),
    INDEX `movie_genres_genre_id_title_key_movie_id_idx`(`genre_id`, `title_key`, `movie_id`),
    INDEX `movie_genres_movie_id_idx`(`movie_id`),
    PRIMARY KEY (`genre_id`, `movie_id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE IF NOT EXISTS `known_genres` (
    `id` INTEGER NOT NULL,

    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE IF NOT EXISTS `id_counters` (
    `name` VARCHAR(30) NOT NULL,
    `last` INTEGER NOT NULL,

    PRIMARY KEY (`name`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE IF NOT EXISTS `outbox` (
    `position` BIGINT NOT NULL AUTO_INCREMENT,
    `event_id` VARCHAR(36) NOT NULL,
    `topic` VARCHAR(100) NOT NULL,
    `key` VARCHAR(64) NOT NULL,
    `key_hash` INTEGER NOT NULL,
    `type` VARCHAR(100) NOT NULL,
    `origin` VARCHAR(10) NOT NULL,
    `time` DATETIME(3) NOT NULL,
    `traceparent` VARCHAR(64) NULL,
    `data` JSON NOT NULL,

    UNIQUE INDEX `outbox_event_id_key`(`event_id`),
    INDEX `outbox_key_hash_position_idx`(`key_hash`, `position`),
    PRIMARY KEY (`position`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE IF NOT EXISTS `outbox_lease` (
    `slot` INTEGER NOT NULL,
    `owner` VARCHAR(64) NULL,
    `expires_at` DATETIME(3) NULL,

    PRIMARY KEY (`slot`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE IF NOT EXISTS `inbox` (
    `group_name` VARCHAR(100) NOT NULL,
    `event_id` VARCHAR(36) NOT NULL,
    `accepted_at` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),

    INDEX `inbox_accepted_at_idx`(`accepted_at`),
    PRIMARY KEY (`group_name`, `event_id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
