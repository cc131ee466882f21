import { appendFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Importers } from '../importers.ts'
import { createLoader } from '../loader.ts'
import { describeReport, isTooBroken } from '../report.ts'
import { createImporters } from '../stores.ts'
import { catalogue, dataSets, folderOf } from './folders.ts'
import { openTestStores, type TestStores } from './stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openTestStores()
})
afterAll(() => stores.close())

const loaderIn = (stateFolder: string, importers: Importers = createImporters(stores)) =>
  createLoader({ importers, stateFolder })
const counts = async () => ({
  films: await stores.value('movies', 'select count(*) from movies'),
  members: await stores.value('auth', 'select count(*) from accounts'),
  profiles: await stores.value('users', 'select count(*) from profiles'),
  ratings: await stores.value('reviews', 'select count(*) from reviews'),
  people: await stores.value('metadata', 'select count(*) from people'),
  credits: await stores.value('metadata', 'select count(*) from credits'),
})

describe('a MovieLens folder', () => {
  test('goes to the stores of its owners, and the same again changes nothing', async () => {
    const state = await folderOf({})
    const folder = await folderOf(dataSets.csv)
    const report = await loaderIn(state).loadPath(folder)
    expect(report).toMatchObject({
      films: 3,
      members: 2,
      ratings: 4,
      skipped: 0,
      broken: 0,
      alreadyLoaded: false,
    })
    const loaded = await counts()
    expect(loaded).toMatchObject({ films: 3, members: 2, profiles: 2, ratings: 4 })

    const [keeper] = await stores.movies.byImdbIds(['tt0900001'])
    expect(keeper).toMatchObject({
      id: 7,
      title: 'The Lighthouse Keeper',
      originalTitle: 'Le Gardien du phare',
      year: 1971,
      tmdbId: 70_001,
      overview: null,
    })
    const genres = await stores.metadata.genresByIds(keeper?.genreIds ?? [])
    expect(genres.map(({ name }) => name).sort()).toEqual(['Drama', 'Science Fiction'])
    const reviews = await stores.rows(
      'reviews',
      'select movie_id, user_id, created_at from reviews order by created_at limit 1',
    )
    const [member] = await stores.rows(
      'users',
      'select user_id, username, joined_at from profiles order by joined_at limit 1',
    )
    expect(reviews).toMatchObject([{ movie_id: 9, user_id: member?.user_id }])
    expect(member?.joined_at).toEqual(reviews[0]?.created_at)
    const [account] = await stores.auth.byIds([Number(member?.user_id)])
    expect(account).toMatchObject({ username: member?.username, passwordHash: null, email: null })

    const again = await loaderIn(state).loadPath(folder)
    expect(again).toMatchObject({ films: 3, members: 2, ratings: 4, alreadyLoaded: true })
    const anew = await loaderIn(state).loadPath(folder, { again: true })
    expect(anew).toMatchObject({ ratings: 0, skipped: 4, alreadyLoaded: false })
    const elsewhere = await loaderIn(await folderOf({})).loadPath(await folderOf(dataSets.csv))
    expect(elsewhere).toMatchObject({ ratings: 0, skipped: 4 })
    expect(await counts()).toEqual(loaded)
  })

  test('tells each batch in one event, as an import', async () => {
    const events = await stores.rows('reviews', 'select type, origin, data from outbox order by position')
    expect(events).toMatchObject([{ type: 'reviews_imported', origin: 'import', data: { count: 4 } }])
    const films = await stores.rows('movies', 'select type, origin, data from outbox order by position')
    expect(films).toMatchObject([
      { type: 'movies_imported', origin: 'import', data: { first_id: 7, last_id: 12, count: 3 } },
    ])
    const members = await stores.rows('auth', 'select type, origin, data from outbox order by position')
    expect(members).toMatchObject([{ type: 'users_imported', origin: 'import', data: { count: 2 } }])
  })

  test('of every other layout is loaded too, with members of its own', async () => {
    const before = await counts()
    const state = await folderOf({})
    const million = await loaderIn(state).loadPath(await folderOf(dataSets.dat, 'latin1'))
    expect(million).toMatchObject({ films: 2, members: 2, ratings: 3, broken: 0 })
    const hundred = await loaderIn(state).loadPath(await folderOf(dataSets.tab, 'latin1'))
    expect(hundred).toMatchObject({ films: 3, members: 2, ratings: 3, broken: 0 })
    const after = await counts()
    expect(after.films - before.films).toBe(5)
    expect(after.members - before.members).toBe(4)
    expect(after.ratings - before.ratings).toBe(6)
    const names = await stores.rows('users', 'select username from profiles')
    expect(new Set(names.map(({ username }) => username)).size).toBe(names.length)
    const [crow] = await stores.movies.byIds([4])
    expect(crow?.title).toBe('The Crow: Second Flight')
  })
})

describe('a catalogue', () => {
  test('brings people, credits and the texts, and completes films that are there', async () => {
    const state = await folderOf({})
    const path = join(await folderOf({ 'films.jsonl': catalogue }), 'films.jsonl')
    expect(await loaderIn(state).loadPath(path)).toMatchObject({
      films: 2,
      members: 0,
      ratings: 0,
      broken: 0,
    })
    const [garden] = await stores.movies.byTmdbIds([90_021])
    expect(garden).toMatchObject({
      title: 'The Iron Garden',
      overview: 'Someone tends iron roses.',
      tagline: 'They rust.',
      posterUrl: 'https://image.tmdb.org/t/p/w500/iron.jpg',
      originalLanguage: 'it',
      voteCount: 12,
    })
    const [credits] = await stores.metadata.credits([garden?.id ?? 0])
    const people = await stores.metadata.peopleByIds(credits?.cast.map(({ personId }) => personId) ?? [])
    const nameOf = (id: number) => people.find((person) => person.id === id)?.name
    expect(credits?.cast.map(({ personId, character }) => [nameOf(personId), character])).toEqual([
      ['Ada Prova', 'The gardener'],
      ['Beo Prova', null],
      ['Ada Prova', 'Her sister'],
    ])
    expect(credits?.directorIds.map(nameOf)).toEqual(['Beo Prova'])
    expect(credits?.keywords).toEqual(['garden', 'iron'])

    const loaded = await counts()
    const poorer = `${JSON.stringify({ movieId: 900, title: 'Iron Garden, The', year: 1964, tmdbId: 90_021 })}\n`
    const second = join(await folderOf({ 'poorer.jsonl': poorer }), 'poorer.jsonl')
    await loaderIn(state).loadPath(second)
    expect(await counts()).toEqual(loaded)
    const [kept] = await stores.movies.byTmdbIds([90_021])
    expect(kept).toMatchObject({ id: garden?.id, overview: 'Someone tends iron roses.' })
    expect(await stores.metadata.credits([garden?.id ?? 0])).toEqual([credits])
  })
})

describe('broken lines', () => {
  const rows = (count: number) =>
    Array.from({ length: count }, (_, index) => `${index + 1},31,4.0,${1_200_000_000 + index}`)
  const setOf = (ratings: readonly string[]) => ({
    'movies.csv': 'movieId,title,genres\n31,Single Film (2003),Drama\n',
    'links.csv': 'movieId,imdbId,tmdbId\n31,,\n',
    'ratings.csv': `userId,movieId,rating,timestamp\n${ratings.join('\n')}\n`,
  })

  test('are left out and reported with their places; up to one in a hundred the load is a success', async () => {
    const ratings = rows(199)
    ratings.splice(9, 1, '10,31,nine,1200000009')
    ratings.splice(19, 1, '20,32,4.0,1200000019')
    const state = await folderOf({})
    const report = await loaderIn(state).loadPath(await folderOf(setOf(ratings)))
    expect(report).toMatchObject({ ratings: 197, broken: 2, lines: 200 })
    expect(report.brokenLines).toMatchObject([
      { file: 'ratings.csv', number: 11 },
      { file: 'ratings.csv', number: 21, fault: expect.stringMatching(/film/) },
    ])
    expect(isTooBroken(report)).toBe(false)
    expect(describeReport(report)).toContain('ratings.csv, line 11: ')
  })

  test('beyond that make it a failure, also when it is asked for again; 20 places are named', async () => {
    const ratings = [...rows(100), ...Array.from({ length: 30 }, () => 'broken')]
    const state = await folderOf({})
    const folder = await folderOf(setOf(ratings))
    const report = await loaderIn(state).loadPath(folder)
    expect(report).toMatchObject({ broken: 30, ratings: expect.any(Number) })
    expect(report.brokenLines).toHaveLength(20)
    expect(isTooBroken(report)).toBe(true)
    expect(describeReport(report)).toContain('and 10 more')
    const again = await loaderIn(state).loadPath(folder)
    expect(again).toMatchObject({ alreadyLoaded: true, broken: 30 })
    expect(isTooBroken(again)).toBe(true)
  })
})

describe('a load that was stopped', () => {
  const films = 40
  const users = 100
  const set = {
    'movies.csv': `movieId,title,genres\n${Array.from({ length: films }, (_, index) => `${index + 501},Stopped Film ${index} (2005),Drama`).join('\n')}\n`,
    'links.csv': `movieId,imdbId,tmdbId\n${Array.from({ length: films }, (_, index) => `${index + 501},,`).join('\n')}\n`,
    'ratings.csv': `userId,movieId,rating,timestamp\n${Array.from({ length: films * users }, (_, index) => `${Math.floor(index / films) + 1},${(index % films) + 501},${(index % 10) / 2 + 0.5},${1_300_000_000 + index}`).join('\n')}\n`,
  }
  /** The same importers, whose reviews fail from the third batch on. */
  const failing = (importers: Importers): Importers => {
    let batches = 0
    return {
      ...importers,
      async importReviews(rows, origin) {
        batches += 1
        if (batches > 2) throw new Error('the power went out')
        return importers.importReviews(rows, origin)
      },
    }
  }

  test('goes on where it was, and each rating is there once', async () => {
    const before = await counts()
    const state = await folderOf({})
    const folder = await folderOf(set)
    const real = createImporters(stores)
    await expect(loaderIn(state, failing(real)).loadPath(folder)).rejects.toThrow('the power went out')
    const half = await counts()
    expect(half.ratings - before.ratings).toBe(2000)

    const asked: string[] = []
    const watched: Importers = {
      ...real,
      importMovies(...rows) {
        asked.push('films')
        return real.importMovies(...rows)
      },
      importMembers(...rows) {
        asked.push('members')
        return real.importMembers(...rows)
      },
      importReviews(...rows) {
        asked.push('ratings')
        return real.importReviews(...rows)
      },
    }
    const report = await loaderIn(state, watched).loadPath(folder)
    expect(report).toMatchObject({ films, members: users, ratings: films * users, skipped: 0 })
    expect(asked).toEqual(['ratings', 'ratings'])
    const after = await counts()
    expect(after.ratings - before.ratings).toBe(films * users)
    expect(after.members - before.members).toBe(users)
  })

  test('starts anew, over what is there, when its notes are lost, spoilt or of other files', async () => {
    const before = await counts()
    const state = await folderOf({})
    const folder = await folderOf(set)
    const report = await loaderIn(state).loadPath(folder)
    expect(report).toMatchObject({ ratings: 0, skipped: films * users })
    const [notes] = (await readdir(state)).filter((name) => name.endsWith('.json'))
    await writeFile(join(state, notes ?? ''), '{"version":')
    expect(await loaderIn(state).loadPath(folder)).toMatchObject({
      alreadyLoaded: false,
      skipped: films * users,
    })
    await appendFile(join(folder, 'ratings.csv'), '101,501,5.0,1300009999\n')
    expect(await loaderIn(state).loadPath(folder)).toMatchObject({
      alreadyLoaded: false,
      ratings: 1,
      members: users + 1,
    })
    await rm(state, { recursive: true })
    expect(await loaderIn(state).loadPath(folder)).toMatchObject({ ratings: 0, skipped: films * users + 1 })
    expect((await counts()).ratings).toBe(before.ratings + 1)
  })
})
