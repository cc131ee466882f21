import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliDecompressSync, gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { folderOf } from '../../load/test/folders.ts'
import { buildSample } from '../build.ts'

interface Film {
  readonly movieId: number
  readonly title: string
  readonly originalTitle?: string
  readonly alternativeTitles: readonly string[]
  readonly genres: readonly string[]
  readonly imdbId?: string
  readonly tmdbId?: number
  readonly cast?: readonly Readonly<Record<string, unknown>>[]
  readonly directors?: readonly Readonly<Record<string, unknown>>[]
}

const linesOf = (packed: Buffer) => brotliDecompressSync(packed).toString('utf8').trimEnd().split('\n')
const filmsOf = (packed: Buffer) => linesOf(packed).map((line): Film => JSON.parse(line))
const keysOf = (values: readonly object[]) =>
  [...new Set(values.flatMap((value) => Object.keys(value)))].sort()

/** What a line of the sample may say: facts, and no sentence that someone wrote. */
const allowed = [
  'alternativeTitles',
  'cast',
  'countries',
  'directors',
  'genres',
  'imdbId',
  'keywords',
  'movieId',
  'originalLanguage',
  'originalTitle',
  'releaseDate',
  'runtime',
  'title',
  'tmdbId',
  'voteAverage',
  'voteCount',
  'year',
]

describe('the sample in the repository', () => {
  const files = ['films.jsonl.br', 'ratings.csv.br'].map((name) => join('ops/sample/data', name))
  let films: readonly Film[]
  let ratings: readonly string[]

  beforeAll(async () => {
    const [packedFilms, packedRatings] = await Promise.all(files.map((file) => readFile(file)))
    films = filmsOf(packedFilms ?? Buffer.alloc(0))
    ratings = linesOf(packedRatings ?? Buffer.alloc(0)).slice(1)
  })

  test('is at most 5 MB', () => {
    expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThanOrEqual(5_000_000)
  })

  test('has 9,742 films, each once, and 100,836 ratings of them by 610 users', () => {
    expect(films).toHaveLength(9742)
    const ids = new Set(films.map(({ movieId }) => String(movieId)))
    expect(ids.size).toBe(9742)
    const columns = ratings.map((line) => line.split(','))
    expect(columns).toHaveLength(100_836)
    expect(new Set(columns.map(([user]) => user)).size).toBe(610)
    expect(new Set(columns.map(([user, film]) => `${user} ${film}`)).size).toBe(100_836)
    expect(columns.filter(([, film = '']) => !ids.has(film))).toEqual([])
  })

  test('says facts only', () => {
    expect(allowed).toEqual(expect.arrayContaining(keysOf(films)))
    const people = films.flatMap(({ cast = [], directors = [] }) => [...cast, ...directors])
    expect(keysOf(people)).toEqual(['character', 'name', 'tmdbPersonId'])
  })

  test('names one film by one IMDb and one TMDB id', () => {
    for (const key of ['imdbId', 'tmdbId'] as const) {
      const ids = films.flatMap((film) => film[key] ?? [])
      expect(new Set(ids).size).toBe(ids.length)
    }
  })

  test('has titles in natural order, with other titles apart', () => {
    const titles = films.flatMap(({ title, originalTitle = '', alternativeTitles }) => [
      title,
      originalTitle,
      ...alternativeTitles,
    ])
    expect(
      titles.filter((title) => /, (The|An?|La|Les?|L'|Il|El|Der|Die|Das|Los|Un|Une)( \(|:|$)/u.test(title)),
    ).toEqual([])
    expect(titles.filter((title) => /(^|[ (])a\.?k\.?a\b|\(\d{4}\)$|^\s|\s$|\s\s/u.test(title))).toEqual([])
    const bracketed = films.map(({ title }) => title).filter((title) => / \(.*\)$/u.test(title))
    expect(bracketed).toEqual([
      'The Human Centipede (First Sequence)',
      'Jim Jefferies: Fully Functional (EPIX)',
      "Hotel Chevalier (Part 1 of 'The Darjeeling Limited')",
      'Birdman: Or (The Unexpected Virtue of Ignorance)',
      'Hommage à Zgougou (et salut à Sabine Mamou)',
    ])
    const byId = new Map(films.map((film) => [film.movieId, film]))
    expect(byId.get(858)?.title).toBe('The Godfather')
    expect(byId.get(29)).toMatchObject({
      title: 'The City of Lost Children',
      originalTitle: 'La Cité des enfants perdus',
    })
    expect(byId.get(47)).toMatchObject({ title: 'Seven', alternativeTitles: ['Se7en'] })
  })

  test('has genres under TMDB’s names alone', () => {
    const names = new Set(films.flatMap(({ genres }) => genres))
    expect(names.size).toBe(20)
    for (const name of [
      'Children',
      'Sci-Fi',
      'IMAX',
      'Musical',
      'Film-Noir',
      'Tv Movie',
      '(no genres listed)',
    ])
      expect(names).not.toContain(name)
  })
})

describe('the sample made from its sources', () => {
  const sources = {
    'ml-latest-small/movies.csv':
      'movieId,title,genres\n2,"Second, The (1999)",Drama\n1,First (1998),Children|IMAX\n3,Twin of the First (1998),Comedy\n',
    'ml-latest-small/links.csv': 'movieId,imdbId,tmdbId\n1,11,101\n2,12,\n3,13,101\n',
    'ml-latest-small/ratings.csv': 'userId,movieId,rating,timestamp\n1,1,4.0,964982703\n',
    'catalogue.jsonl.gz': gzipSync(
      [
        {
          movieId: 1,
          title: 'First',
          overview: 'Words.',
          tagline: 'More words.',
          posterPath: '/a.jpg',
          cast: [{ name: 'Ada Prova' }],
          companies: ['X'],
          popularity: 3,
          runtime: 90,
          voteCount: 3,
          voteAverage: 6.5,
        },
        {
          movieId: 2,
          title: 'Second, The',
          genres: ['Thriller'],
          cast: [{ tmdbPersonId: 9, name: 'Ada Prova', character: 'Ada' }, { name: 'Ada Prova' }],
        },
      ]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    ),
  }

  test('has the facts of both and no words, and one person for one name', async () => {
    const { films } = await buildSample(await folderOf(sources))
    expect(filmsOf(films)).toEqual([
      {
        movieId: 1,
        title: 'First',
        alternativeTitles: [],
        year: 1998,
        runtime: 90,
        genres: ['Family'],
        imdbId: 'tt0000011',
        tmdbId: 101,
        cast: [{ tmdbPersonId: 9, name: 'Ada Prova' }],
        voteCount: 3,
        voteAverage: 6.5,
      },
      {
        movieId: 2,
        title: 'The Second',
        alternativeTitles: [],
        year: 1999,
        genres: ['Thriller'],
        imdbId: 'tt0000012',
        cast: [
          { tmdbPersonId: 9, name: 'Ada Prova', character: 'Ada' },
          { tmdbPersonId: 9, name: 'Ada Prova' },
        ],
      },
      {
        movieId: 3,
        title: 'Twin of the First',
        alternativeTitles: [],
        year: 1998,
        genres: ['Comedy'],
        imdbId: 'tt0000013',
      },
    ])
  })

  test('is the same to the byte each time', async () => {
    const folder = await folderOf(sources)
    expect(await buildSample(folder)).toEqual(await buildSample(folder))
  })

  test('is not made of broken sources: the line is named', async () => {
    const broken = {
      ...sources,
      'ml-latest-small/movies.csv': 'movieId,title,genres\n1,First (1998),Drama\nx,y\n',
    }
    await expect(buildSample(await folderOf(broken))).rejects.toThrow('movies.csv, line 3')
  })
})
