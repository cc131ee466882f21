/** Name of a member whom a data set knows by a number alone. Made up, the same for the same number. */
export interface MemberName {
  /** `mila.fernhollow`; from the 50,001st number on with a digit behind it. */
  readonly username: string
  /** `Mila Fernhollow` */
  readonly displayName: string
}

const given = (
  'Ada Alba Alma Amos Anouk Ansel Aria Arlo Astrid Aurel Basil Bela Bram Calla Casper Celia Clio Cyrus Dalia Dario ' +
  'Della Edda Eben Elio Elsa Emil Enzo Esme Fenna Felix Flora Gala Gus Hanno Hazel Hugo Ida Ines Iris Ivo Jonas Juno ' +
  'Kaia Kasimir Lark Leda Levin Linus Liv Lotte Mads Magda Malo Mara Mateo Mila Milo Mina Nadia Nell Nico Nils Noor ' +
  'Odile Olin Orla Otis Pavel Perla Petra Pia Quill Rafi Rhea Remy Romy Rune Sable Sana Selma Silas Soren Stella Tamsin ' +
  'Taro Tessa Thea Theo Tilda Tove Ugo Una Vera Vico Wanda Wren Yara Yuna Zelda Zeno'
).split(' ')
const firstHalves =
  'Amber Ash Bell Birch Bramble Brook Cinder Clover Copper Ember Fern Flint Frost Glen Gold Hazel Heather Hollow Juniper Lark Maple Moss Otter Quill Thistle'.split(
    ' ',
  )
const secondHalves =
  'bank bourne bridge croft dale down fall field ford gate grove hollow holt hurst lock mead mere moor ridge wick'.split(
    ' ',
  )

/** Spreads neighbouring numbers over all combinations; prime to their count, so that none comes twice in a round. */
const step = 12_347
const combinations = given.length * firstHalves.length * secondHalves.length

/** @param number from 1 */
export function memberName(number: number): MemberName {
  const round = Math.floor((number - 1) / combinations)
  const place = ((number - 1) * step) % combinations
  const first = given[place % given.length] ?? ''
  const rest = Math.floor(place / given.length)
  const surname = `${firstHalves[rest % firstHalves.length]}${secondHalves[Math.floor(rest / firstHalves.length)]}`
  const username = `${first}.${surname}`.toLowerCase()
  return { username: round === 0 ? username : `${username}${round + 1}`, displayName: `${first} ${surname}` }
}
