import { sqlEngines } from '@movieverse/kit/testing/database'
import { testSqlOutbox } from '@movieverse/kit/testing/sql-outbox'
import { describe } from 'vitest'
import { openTestEngine } from './engine.ts'

describe.each(sqlEngines)('films in %s:', (on) => {
  testSqlOutbox({
    open: () => openTestEngine(on),
    change: (movieId, version) => ({
      topic: 'movieverse.movies',
      key: movieId,
      data: { type: 'movie_updated', movie_id: movieId, title: `Ünïcode 🎬 ${movieId}`, version },
    }),
  })
})
