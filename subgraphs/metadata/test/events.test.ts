import { randomUUID } from 'node:crypto'
import type { BusEvent, BusSubscription } from '@movieverse/kit/bus/bus'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createMetadataImporter } from '../src/metadata/importer.ts'
import { engines } from './engines.ts'
import {
  openService,
  SAVE_ANALYSIS,
  SAVE_CREDITS,
  SAVE_GENRE,
  SAVE_PERSON,
  type TestService,
} from './service.ts'

describe.each(engines)('events on $name', ({ open }) => {
  let service: TestService
  let watching: BusSubscription
  let consuming: BusSubscription
  const heard: BusEvent[] = []

  beforeAll(async () => {
    service = await openService(open)
    const [consumer] = service.subgraph.consumers
    if (!consumer) throw new Error('no consumer')
    consuming = await service.bus.subscribe(consumer)
    watching = await service.bus.subscribe({
      group: 'watcher',
      topics: ['movieverse.metadata'],
      handle: async (event) => void heard.push(event),
    })
    for (const part of service.subgraph.background) await part.start()
  })
  afterAll(async () => {
    await watching.close()
    await consuming.close()
    await service.close()
  })

  const event = (data: BusEvent['data'] & { type: string }, key = '1'): BusEvent => ({
    id: randomUUID(),
    source: 'movies',
    topic: 'movieverse.movies',
    key,
    type: data.type,
    time: new Date(),
    origin: 'user',
    data,
  })
  const hear = (type: string) =>
    vi.waitFor(() => {
      const found = heard.filter((one) => one.type === type)
      expect(found).not.toEqual([])
      return found
    }, 10_000)

  describe('what is saved is told', () => {
    test('by id and version, under the document’s id, as a user’s doing', async () => {
      await service.engine.store.saveMovies({ known: [7], gone: [] })
      const genre = (await service.save(SAVE_GENRE, { name: 'Told' })).data.saveGenre?.genre
      await service.save(SAVE_GENRE, { id: genre?.id, name: 'Told again' })
      const person = (await service.save(SAVE_PERSON, { name: 'Told' })).data.savePerson?.person
      await service.save(SAVE_CREDITS, { movieId: '7', cast: [], directorIds: [], keywords: [] })
      await service.save(SAVE_ANALYSIS, { movieId: '7' })
      await hear('analysis_saved')
      await hear('credits_saved')
      await hear('person_saved')
      await vi.waitFor(() => expect(heard).toHaveLength(5), 10_000)
      const genreId = Number(genre?.id)
      expect(heard.filter(({ type }) => type === 'genre_saved').map(({ data }) => data)).toEqual([
        { type: 'genre_saved', genre_id: genreId, version: 1 },
        { type: 'genre_saved', genre_id: genreId, version: 2 },
      ])
      expect(heard.find(({ type }) => type === 'person_saved')).toMatchObject({
        key: person?.id,
        source: 'metadata',
        origin: 'user',
        data: { type: 'person_saved', person_id: Number(person?.id), version: 1 },
      })
      expect(heard.find(({ type }) => type === 'credits_saved')?.data).toEqual({
        type: 'credits_saved',
        movie_id: 7,
        version: 1,
      })
      expect(heard.find(({ type }) => type === 'analysis_saved')?.data).toEqual({
        type: 'analysis_saved',
        movie_id: 7,
        version: 1,
      })
    })

    test('not when it was refused', async () => {
      const before = heard.length
      await service.save(SAVE_GENRE, { name: 'Told again' })
      await service.save(SAVE_PERSON, { name: 'Marker' })
      await vi.waitFor(() => expect(heard.length).toBeGreaterThan(before), 10_000)
      expect(heard.slice(before).map(({ type }) => type)).toEqual(['person_saved'])
    })
  })

  describe('bulk loads', () => {
    test('tell one event a batch of a thousand, with their origin', async () => {
      const importer = createMetadataImporter({ store: service.engine.store })
      const people = await importer.importPeople(
        Array.from({ length: 1500 }, (_, index) => ({ name: `Load ${index}` })),
        'seed',
      )
      const [genreId] = await importer.importGenres(['Loaded Genre'], 'seed')
      expect(genreId).toBeGreaterThan(0)
      const credits = people.slice(0, 3).map((personId, index) => ({
        movieId: 100 + index,
        cast: [
          { personId, order: 4, character: 'Last' },
          { personId, order: 1 },
        ],
        directorIds: [personId, personId],
        keywords: ['a', 'a', ' '],
      }))
      expect(await importer.importCredits(credits, 'seed')).toBe(3)
      expect(await importer.importCredits(credits, 'seed')).toBe(0)
      const told = await hear('credits_imported')
      expect(told.map(({ origin, data }) => ({ origin, data }))).toEqual([
        { origin: 'seed', data: { type: 'credits_imported', first_id: 100, last_id: 102, count: 3 } },
      ])
      await vi.waitFor(
        () => expect(heard.filter(({ type }) => type === 'people_imported')).toHaveLength(2),
        10_000,
      )
      const counts = heard.filter(({ type }) => type === 'people_imported').map(({ data }) => data.count)
      expect(counts.sort()).toEqual([1000, 500])
      const [saved] = await service.engine.store.credits([100])
      expect(saved).toMatchObject({
        cast: [
          { personId: people[0], character: null, order: 0 },
          { personId: people[0], character: 'Last', order: 1 },
        ],
        directorIds: [people[0]],
        keywords: ['a'],
      })
    })

    test('refuse rows that cannot be, before anything is written', async () => {
      const importer = createMetadataImporter({ store: service.engine.store })
      await expect(importer.importPeople([{ name: 'Fine' }, { name: '' }])).rejects.toThrow(/Too small/)
      await expect(importer.importGenres(['Fine too', '…'])).rejects.toThrow()
      const film = {
        movieId: 500,
        cast: [{ personId: 2_000_000_000, order: 0 }],
        directorIds: [],
        keywords: [],
      }
      await expect(importer.importCredits([film])).rejects.toThrow(RangeError)
      expect(await service.engine.store.countPeople(['fine'])).toBe(0)
      expect(await service.engine.store.genresBySlugs(['fine-too'])).toEqual([])
      expect(await service.engine.store.knownMovies([500])).toEqual(new Set())
    })
  })

  describe('films', () => {
    const known = (ids: readonly number[]) => service.engine.store.knownMovies(ids)

    test('become known by their events, whatever comes late or twice, and unknown when their owner has them no more', async () => {
      service.films.add(11)
      const created = event({ type: 'movie_created', movie_id: 11, title: 'X', version: 1 }, '11')
      await service.bus.publish([created, created])
      await vi.waitFor(async () => expect(await known([11])).toEqual(new Set([11])), 10_000)
      service.films.delete(11)
      await service.bus.publish([
        event({ type: 'movie_updated', movie_id: 11, title: 'X', version: 2 }, '11'),
      ])
      await vi.waitFor(async () => expect(await known([11])).toEqual(new Set()), 10_000)
    })

    test('that were gone and come back with a bulk load are known again, and others are asked for when needed', async () => {
      await service.engine.store.saveMovies({ known: [], gone: [31, 32] })
      for (const id of [31, 33]) service.films.add(id)
      await service.bus.publish([
        event({ type: 'movies_imported', first_id: 30, last_id: 40, count: 2 }, '30'),
      ])
      await vi.waitFor(async () => expect(await known([31, 32, 33])).toEqual(new Set([31])), 10_000)
      const input = { cast: [], directorIds: [], keywords: [] }
      expect(
        (await service.save(SAVE_CREDITS, { movieId: '33', ...input })).data.saveCredits?.errors,
      ).toEqual([])
      expect(
        (await service.save(SAVE_CREDITS, { movieId: '32', ...input })).data.saveCredits?.errors,
      ).toMatchObject([{ code: 'NOT_FOUND' }])
      expect(await known([31, 32, 33])).toEqual(new Set([31, 33]))
    })
  })
})
