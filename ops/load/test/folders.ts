import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'

/** A folder with these files, gone after the test file. Text is written in UTF-8, or in Latin-1 where that is said. */
export async function folderOf(
  files: Readonly<Record<string, string | Buffer>>,
  encoding: 'utf8' | 'latin1' = 'utf8',
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-load-'))
  folders.push(folder)
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, typeof content === 'string' ? Buffer.from(content, encoding) : content)
  }
  return folder
}

const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

const lines = (...rows: readonly string[]) => `${rows.join('\n')}\n`

/** Made-up films and ratings in each layout. */
export const dataSets = {
  csv: {
    'movies.csv': lines(
      'movieId,title,genres',
      '7,"Lighthouse Keeper, The (Gardien du phare, Le) (1971)",Drama|Sci-Fi',
      '9,"Said ""No"" Twice (1988)",Children|IMAX',
      '12,Nameless Reel,(no genres listed)',
    ),
    'links.csv': lines('movieId,imdbId,tmdbId', '7,0900001,70001', '9,1900002,', '12,,'),
    'ratings.csv': lines(
      'userId,movieId,rating,timestamp',
      '1,7,4.5,1000000100',
      '1,9,0.5,1000000000',
      '2,7,5.0,1100000000',
      '2,12,3.0,1100000001',
    ),
  },
  dat: {
    'movies.dat': lines(
      "3::Café Nord (1999)::Children's|Musical",
      '4::Crow, The: Second Flight (2001)::Film-Noir',
    ),
    'users.dat': lines('1::F::1::10::48067'),
    'ratings.dat': lines('1::3::5::978300760', '1::4::3::978300761', '2::3::1::978300762'),
  },
  tab: {
    'u.genre': lines('unknown|0', 'Action|1', "Children's|2", 'Sci-Fi|3', ''),
    'u.item': lines(
      '1|Señor Test (1995)|14-Feb-1996||http://example.org/1|0|1|0|1',
      '2|Plain One (1994)|01-Jan-1994||http://example.org/2|0|0|1|0',
      '3|unknown||||1|0|0|0',
    ),
    'u.data': lines('11\t1\t3\t881250949', '12\t2\t4\t881250950', '11\t3\t1\t881250951'),
  },
} as const

/** A catalogue's lines: one film with everything, one with almost nothing. */
export const catalogue = lines(
  JSON.stringify({
    movieId: 21,
    title: 'Iron Garden, The (Giardino di ferro, Il)',
    year: 1964,
    mlGenres: ['Drama'],
    imdbId: 'tt0900021',
    tmdbId: 90021,
    overview: ' Someone tends iron roses. ',
    tagline: 'They rust.',
    runtime: 98.0,
    voteAverage: 7.25,
    voteCount: 12.0,
    popularity: 1.5,
    releaseDate: '1964-03-01',
    originalLanguage: 'it',
    genres: ['Drama', 'Tv Movie'],
    keywords: ['garden', ' garden ', 'iron', ''],
    companies: ['Nobody'],
    cast: [
      { tmdbPersonId: 5001, name: 'Ada Prova', character: 'The gardener' },
      { name: 'Beo Prova' },
      { tmdbPersonId: 5001, name: 'Ada Prova', character: 'Her sister' },
    ],
    directors: [{ name: 'Beo Prova' }],
    posterPath: '/iron.jpg',
  }),
  JSON.stringify({
    movieId: 22,
    title: 'Almost Nothing',
    year: null,
    mlGenres: [],
    imdbId: null,
    tmdbId: null,
  }),
)
