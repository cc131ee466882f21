import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { detectSource, UnknownLayoutError } from '../formats/detect.ts'
import { readLines } from '../lines.ts'
import type { Line, Source } from '../records.ts'
import { catalogue, dataSets, folderOf } from './folders.ts'

async function all<T>(lines: AsyncIterable<T> | undefined): Promise<T[]> {
  const found: T[] = []
  for await (const line of lines ?? []) found.push(line)
  return found
}
async function values<T>(lines: AsyncIterable<Line<T>> | undefined): Promise<T[]> {
  return (await all(lines)).map((line) => {
    if ('fault' in line) throw new Error(`${line.file} ${line.number}: ${line.fault}`)
    return line.value
  })
}
const films = (source: Source) => values(source.films())
const ratings = (source: Source) => values(source.ratings?.())
const nothing = { countries: [], keywords: [], cast: [], directors: [] }

describe('a MovieLens folder', () => {
  test('of the layout of latest-small and 25M has titles in natural order, TMDB’s genres and ids', async () => {
    const source = await detectSource(await folderOf(dataSets.csv))
    expect(source).toMatchObject({ kind: 'csv', sharedIds: true })
    expect(await films(source)).toEqual([
      {
        ...nothing,
        sourceId: 7,
        title: 'The Lighthouse Keeper',
        originalTitle: 'Le Gardien du phare',
        alternativeTitles: [],
        year: 1971,
        genres: ['Drama', 'Science Fiction'],
        imdbId: 'tt0900001',
        tmdbId: 70_001,
      },
      {
        ...nothing,
        sourceId: 9,
        title: 'Said "No" Twice',
        alternativeTitles: [],
        year: 1988,
        genres: ['Family'],
        imdbId: 'tt1900002',
      },
      { ...nothing, sourceId: 12, title: 'Nameless Reel', alternativeTitles: [], genres: [] },
    ])
    expect(await ratings(source)).toEqual([
      { sourceUserId: 1, sourceMovieId: 7, rating: 4.5, createdAt: new Date(1_000_000_100_000) },
      { sourceUserId: 1, sourceMovieId: 9, rating: 0.5, createdAt: new Date(1_000_000_000_000) },
      { sourceUserId: 2, sourceMovieId: 7, rating: 5, createdAt: new Date(1_100_000_000_000) },
      { sourceUserId: 2, sourceMovieId: 12, rating: 3, createdAt: new Date(1_100_000_001_000) },
    ])
  })

  test('of the layout of 1M is read in Latin-1', async () => {
    const source = await detectSource(await folderOf(dataSets.dat, 'latin1'))
    expect(source).toMatchObject({ kind: 'dat', sharedIds: true })
    expect(await films(source)).toMatchObject([
      { sourceId: 3, title: 'Café Nord', year: 1999, genres: ['Family', 'Music'] },
      { sourceId: 4, title: 'The Crow: Second Flight', year: 2001, genres: ['Crime'] },
    ])
    expect((await ratings(source)).map(({ sourceUserId, rating }) => [sourceUserId, rating])).toEqual([
      [1, 5],
      [1, 3],
      [2, 1],
    ])
  })

  test('of the layout of 100K is read in Latin-1, with its genres by flags and ids of its own', async () => {
    const source = await detectSource(await folderOf(dataSets.tab, 'latin1'))
    expect(source).toMatchObject({ kind: 'tab', sharedIds: false })
    expect(await films(source)).toMatchObject([
      {
        sourceId: 1,
        title: 'Señor Test',
        year: 1995,
        releaseDate: '1996-02-14',
        genres: ['Action', 'Science Fiction'],
      },
      { sourceId: 2, title: 'Plain One', year: 1994, releaseDate: undefined, genres: ['Family'] },
      { sourceId: 3, title: 'unknown', year: undefined, genres: [] },
    ])
    expect(await ratings(source)).toMatchObject([
      { sourceUserId: 11, sourceMovieId: 1, rating: 3 },
      { sourceUserId: 12, sourceMovieId: 2, rating: 4 },
      { sourceUserId: 11, sourceMovieId: 3, rating: 1 },
    ])
  })

  test('is known again wherever it lies, and told from another', async () => {
    const [one, two] = [
      await detectSource(await folderOf(dataSets.csv)),
      await detectSource(await folderOf(dataSets.csv)),
    ]
    expect(two.id).toBe(one.id)
    const more = { ...dataSets.csv, 'ratings.csv': dataSets.csv['ratings.csv'].replace('1,7,4.5', '1,7,4.0') }
    expect((await detectSource(await folderOf(more))).id).not.toBe(one.id)
  })

  test('without the files that make one is refused with what would be one', async () => {
    const empty = await folderOf({ 'movies.csv': 'movieId,title,genres\n' })
    await expect(detectSource(empty)).rejects.toThrow(UnknownLayoutError)
    await expect(detectSource(empty)).rejects.toThrow(/ratings\.csv/)
    await expect(detectSource(join(empty, 'nowhere'))).rejects.toThrow(/is not there/)
    await expect(detectSource(join(empty, 'movies.csv'))).rejects.toThrow(/no catalogue/)
  })
})

describe('a catalogue', () => {
  test('is read plain, gzipped and brotlied, with everything that it says', async () => {
    const folder = await folderOf({
      'films.jsonl': catalogue,
      'films.jsonl.gz': gzipSync(catalogue),
      'films.jsonl.br': brotliCompressSync(catalogue),
    })
    const plain = await detectSource(join(folder, 'films.jsonl'))
    const found = await films(plain)
    expect(found).toEqual([
      {
        sourceId: 21,
        title: 'The Iron Garden',
        originalTitle: 'Il Giardino di ferro',
        alternativeTitles: [],
        year: 1964,
        releaseDate: '1964-03-01',
        runtime: 98,
        genres: ['Drama', 'TV Movie'],
        imdbId: 'tt0900021',
        tmdbId: 90_021,
        originalLanguage: 'it',
        countries: [],
        keywords: ['garden', 'iron'],
        cast: [
          { tmdbPersonId: 5001, name: 'Ada Prova', character: 'The gardener' },
          { name: 'Beo Prova' },
          { tmdbPersonId: 5001, name: 'Ada Prova', character: 'Her sister' },
        ],
        directors: [{ name: 'Beo Prova' }],
        voteCount: 12,
        voteAverage: 7.25,
        overview: 'Someone tends iron roses.',
        tagline: 'They rust.',
        posterUrl: 'https://image.tmdb.org/t/p/w500/iron.jpg',
      },
      { ...nothing, sourceId: 22, title: 'Almost Nothing', alternativeTitles: [], genres: [] },
    ])
    for (const name of ['films.jsonl.gz', 'films.jsonl.br'])
      expect(await films(await detectSource(join(folder, name)))).toEqual(found)
    expect(plain.ratings).toBeUndefined()
  })
})

describe('broken lines', () => {
  test('keep their place and spoil nothing behind them', async () => {
    const source = await detectSource(
      await folderOf({
        'movies.csv':
          'movieId,title,genres\n1,Sound (1990),Drama\n2,"Open quote (1991),Drama\n3,Too,Many,Columns\nx,No Id (1992),Drama\n4,,Drama\n5,Also Sound (1993),Comedy\n',
        'links.csv': 'movieId,imdbId,tmdbId\n1,1,1\nnonsense\n5,5,5\n',
        'ratings.csv':
          'userId,movieId,rating,timestamp\n1,1,4.0,978300760\n1,1,4.25,978300760\n1,1,5.5,978300760\n1,1,4.0,978300760000\n,1,4.0,978300760\n1,1,,978300760\n\n1,1\n1,5,3.5,978300761\n',
      }),
    )
    const read = async (lines: AsyncIterable<Line<unknown>> | undefined) =>
      (await all(lines)).flatMap((line) => ('fault' in line ? `${line.file}:${line.number}` : []))
    expect(await read(source.films())).toEqual([
      'links.csv:3',
      'movies.csv:3',
      'movies.csv:4',
      'movies.csv:5',
      'movies.csv:6',
    ])
    expect(await read(source.ratings?.())).toEqual([3, 4, 5, 6, 7, 9].map((line) => `ratings.csv:${line}`))
    const sound = (await all(source.films())).flatMap((line) => ('value' in line ? line.value.sourceId : []))
    expect(sound).toEqual([1, 5])
  })

  test('of a catalogue say which field is wrong', async () => {
    const folder = await folderOf({
      'c.jsonl':
        '{"movieId":1,"title":"Sound"}\n{"movieId":2}\nnot json\n{"movieId":3,"title":"X","imdbId":"113"}\n[]\n',
    })
    const lines = await all((await detectSource(join(folder, 'c.jsonl'))).films())
    expect(
      lines.map((line) => ('fault' in line ? `${line.number} ${line.fault.split(':')[0]}` : 'sound')),
    ).toEqual(['sound', '2 title', '3 not JSON', '4 imdbId', '5 line'])
  })
})

describe('lines', () => {
  const read = async (name: string, content: string | Buffer) =>
    all(readLines(join(await folderOf({ [name]: content }), name)))

  test('end with LF or CRLF, also the last one without either, and a byte order mark is none of the text', async () => {
    expect(await read('a.txt', '\ufeffone\r\ntwo\n\nfour')).toEqual([
      { number: 1, text: 'one', cut: false },
      { number: 2, text: 'two', cut: false },
      { number: 4, text: 'four', cut: false },
    ])
  })

  test('do not end at a line separator of Unicode, and characters that two chunks share are whole', async () => {
    const text = `${'é'.repeat(200_001)}\u2028${'🎬'.repeat(100_001)}`
    expect(await read('a.txt', `${text}\nx\n`)).toEqual([
      { number: 1, text, cut: false },
      { number: 2, text: 'x', cut: false },
    ])
  })

  test('that are endless are cut, and the next one is whole again', async () => {
    const [first, second] = await read('a.txt', `${'x'.repeat(5_000_000)}\nnext\n`)
    expect(first).toMatchObject({ number: 1, cut: true })
    expect(second).toEqual({ number: 2, text: 'next', cut: false })
  })

  test('of a file that is no gzip are refused with the file’s name', async () => {
    await expect(read('a.gz', 'plain text')).rejects.toThrow(/a\.gz cannot be read/)
  })
})
