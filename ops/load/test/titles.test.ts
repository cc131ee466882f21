import { describe, expect, test } from 'vitest'
import { readTitles } from '../titles.ts'

/** What MovieLens writes → title, original title, alternative titles, year. */
const written: readonly (readonly [
  string,
  string,
  string | undefined,
  readonly string[],
  number | undefined,
])[] = [
  ['Toy Story (1995)', 'Toy Story', undefined, [], 1995],
  ['Godfather, The (1972)', 'The Godfather', undefined, [], 1972],
  ["Bug's Life, A (1998)", "A Bug's Life", undefined, [], 1998],
  ['American in Paris, An (1951)', 'An American in Paris', undefined, [], 1951],
  [
    'Good, the Bad and the Ugly, The (Buono, il brutto, il cattivo, Il) (1966)',
    'The Good, the Bad and the Ugly',
    'Il Buono, il brutto, il cattivo',
    [],
    1966,
  ],
  [
    'City of Lost Children, The (Cité des enfants perdus, La) (1995)',
    'The City of Lost Children',
    'La Cité des enfants perdus',
    [],
    1995,
  ],
  ['Seven (a.k.a. Se7en) (1995)', 'Seven', undefined, ['Se7en'], 1995],
  ["Bear, The (Ours, L') (1988)", 'The Bear', "L'Ours", [], 1988],
  ["Avventura, L' (Adventure, The) (1960)", "L'Avventura", undefined, ['The Adventure'], 1960],
  ['Boot, Das (Boat, The) (1981)', 'Das Boot', undefined, ['The Boat'], 1981],
  ['Seventh Seal, The (Sjunde inseglet, Det) (1957)', 'The Seventh Seal', 'Det Sjunde inseglet', [], 1957],
  [
    'Children Are Watching Us, The (Bambini ci guardano, I) (1944)',
    'The Children Are Watching Us',
    'I Bambini ci guardano',
    [],
    1944,
  ],
  [
    'Vitelloni, I (a.k.a. The Young and the Passionate) (1953)',
    'I Vitelloni',
    undefined,
    ['The Young and the Passionate'],
    1953,
  ],
  [
    'Bicycle Thieves (a.k.a. The Bicycle Thief) (a.k.a. The Bicycle Thieves) (Ladri di biciclette) (1948)',
    'Bicycle Thieves',
    'Ladri di biciclette',
    ['The Bicycle Thief', 'The Bicycle Thieves'],
    1948,
  ],
  [
    'His Secret Life (a.k.a. Ignorant Fairies, The) (Fate ignoranti, Le) (2001)',
    'His Secret Life',
    'Le Fate ignoranti',
    ['The Ignorant Fairies'],
    2001,
  ],
  [
    'Strike! (a.k.a. All I Wanna Do, The Hairy Bird) (1998)',
    'Strike!',
    undefined,
    ['All I Wanna Do', 'The Hairy Bird'],
    1998,
  ],
  ['Crow, The: Wicked Prayer (2005)', 'The Crow: Wicked Prayer', undefined, [], 2005],
  [
    'Fast and the Furious: Tokyo Drift, The (Fast and the Furious 3, The) (2006)',
    'The Fast and the Furious: Tokyo Drift',
    undefined,
    ['The Fast and the Furious 3'],
    2006,
  ],
  [
    'Spirited Away (Sen to Chihiro no kamikakushi) (2001)',
    'Spirited Away',
    'Sen to Chihiro no kamikakushi',
    [],
    2001,
  ],
  [
    'Godzilla 1985: The Legend Is Reborn (Gojira) (Godzilla) (Return of Godzilla, The) (1984)',
    'Godzilla 1985: The Legend Is Reborn',
    'Gojira',
    ['Godzilla', 'The Return of Godzilla'],
    1984,
  ],
  ['Road Warrior, The (Mad Max 2) (1981)', 'The Road Warrior', undefined, ['Mad Max 2'], 1981],
  ["Dracula (Bram Stoker's Dracula) (1992)", 'Dracula', undefined, ["Bram Stoker's Dracula"], 1992],
  ['Bad Milo (Bad Milo!) (2013)', 'Bad Milo', undefined, [], 2013],
  ['Blind Side, The  (2009)', 'The Blind Side', undefined, [], 2009],
  [
    "Man Escaped, A (Un  condamné à mort s'est échappé ou Le vent souffle où il veut) (1956)",
    'A Man Escaped',
    "Un condamné à mort s'est échappé ou Le vent souffle où il veut",
    [],
    1956,
  ],
  ["Besieged (a.k.a. L' Assedio) (1998)", 'Besieged', undefined, ["L'Assedio"], 1998],
  // What looks like an article or another title and is none.
  [
    'Human Centipede, The (First Sequence) (2009)',
    'The Human Centipede (First Sequence)',
    undefined,
    [],
    2009,
  ],
  [
    'Birdman: Or (The Unexpected Virtue of Ignorance) (2014)',
    'Birdman: Or (The Unexpected Virtue of Ignorance)',
    undefined,
    [],
    2014,
  ],
  ['(500) Days of Summer (2009)', '(500) Days of Summer', undefined, [], 2009],
  ['Frontière(s) (2007)', 'Frontière(s)', undefined, [], 2007],
  ['Evangelion: 3.0 You Can (Not) Redo (2012)', 'Evangelion: 3.0 You Can (Not) Redo', undefined, [], 2012],
  ['Scotland, Pa. (2001)', 'Scotland, Pa.', undefined, [], 2001],
  ['Play It Again, Sam (1972)', 'Play It Again, Sam', undefined, [], 1972],
  ['Tinker, Tailor, Soldier, Spy (1979)', 'Tinker, Tailor, Soldier, Spy', undefined, [], 1979],
  ['I Love You, Man (2009)', 'I Love You, Man', undefined, [], 2009],
  ['2001: A Space Odyssey (1968)', '2001: A Space Odyssey', undefined, [], 1968],
  // Years that are missing, or several.
  ['Death Note: Desu nôto (2006–2007)', 'Death Note: Desu nôto', undefined, [], 2006],
  ['Babylon 5', 'Babylon 5', undefined, [], undefined],
  ['1984 (Nineteen Eighty-Four) (1984)', '1984', undefined, ['Nineteen Eighty-Four'], 1984],
]

describe('a title of MovieLens', () => {
  test.each(written)('%s', (column, title, originalTitle, alternativeTitles, year) => {
    expect(readTitles(column)).toEqual({ title, originalTitle, alternativeTitles, year })
  })

  test('in natural order stays as it is', () => {
    for (const [column] of written) {
      const { title } = readTitles(column)
      expect(readTitles(title).title).toBe(title)
    }
  })
})
