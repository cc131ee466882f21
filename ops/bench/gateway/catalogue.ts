/**
 * The shop that the subgraphs of the gateway's benchmark serve: 6 users, 9 products, 12 reviews. Sizes are chosen so
 * that the main query's answer has about 88 KB: 162 reviews, 116 products and 56 users, most of them repeated.
 */
export interface UserRow {
  readonly id: string
  readonly name: string
  readonly username: string
  readonly birthday: number
}

export interface ProductRow {
  readonly upc: string
  readonly name: string
  readonly price: number
  readonly weight: number
  readonly inStock: boolean
}

export interface ReviewRow {
  readonly id: string
  readonly body: string
  readonly authorId: string
  readonly upc: string
}

export const users: readonly UserRow[] = [
  { id: '1', name: 'Ottilie Brandt', username: 'ottilie', birthday: 1962 },
  { id: '2', name: 'Tomasz Wilk', username: 'tomwilk', birthday: 1971 },
  { id: '3', name: 'Amina Diallo', username: 'aminad', birthday: 1985 },
  { id: '4', name: 'Henrik Solberg', username: 'hsolberg', birthday: 1990 },
  { id: '5', name: 'Lucía Ferrer', username: 'luciaf', birthday: 1994 },
  { id: '6', name: 'Kenji Mori', username: 'kmori', birthday: 2001 },
]

export const products: readonly ProductRow[] = [
  { upc: '1', name: 'Walnut writing desk', price: 899, weight: 410, inStock: true },
  { upc: '2', name: 'Linen reading chair', price: 1299, weight: 1020, inStock: false },
  { upc: '3', name: 'Brass floor lamp', price: 154, weight: 62, inStock: true },
  { upc: '4', name: 'Ash bookshelf, five boards', price: 720, weight: 380, inStock: true },
  { upc: '5', name: 'Wool carpet, 2 by 3 metres', price: 1090, weight: 240, inStock: false },
  { upc: '6', name: 'Folding cinema seat', price: 240, weight: 150, inStock: true },
  { upc: '7', name: 'Oak coat rack', price: 86, weight: 48, inStock: true },
  { upc: '8', name: 'Stoneware mug, set of four', price: 42, weight: 21, inStock: false },
  { upc: '9', name: 'Projector screen', price: 310, weight: 135, inStock: true },
]

const sentences = [
  'It arrived two days early, in one piece, and went together in less than half an hour.',
  'The finish is even on all sides, which is more than can be said of what it replaces.',
  'After three months of daily use nothing creaks, wobbles or has come loose.',
  'The colour is a little darker than in the pictures, so look at a sample first.',
  'For the price I would have expected better screws and a manual with words in it.',
  'My neighbours asked where it came from, and two of them have ordered one since.',
  'I would buy it again, though perhaps in the smaller size.',
]

/** So many sentences in a row, from one of them on. */
const body = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => sentences[(from + i) % sentences.length]).join(' ')

/** Reviews per product: 4, 4, 1, 2, 1 of the first five; two by each user. */
export const reviews: readonly ReviewRow[] = [
  { id: '1', authorId: '1', upc: '1', body: body(0, 5) },
  { id: '2', authorId: '2', upc: '1', body: body(1, 5) },
  { id: '3', authorId: '3', upc: '1', body: body(2, 6) },
  { id: '4', authorId: '4', upc: '1', body: body(3, 4) },
  { id: '5', authorId: '5', upc: '2', body: body(4, 5) },
  { id: '6', authorId: '6', upc: '2', body: body(5, 7) },
  { id: '7', authorId: '1', upc: '2', body: body(6, 4) },
  { id: '8', authorId: '2', upc: '2', body: body(0, 4) },
  { id: '9', authorId: '3', upc: '3', body: body(1, 6) },
  { id: '10', authorId: '4', upc: '4', body: body(2, 4) },
  { id: '11', authorId: '5', upc: '4', body: body(3, 7) },
  { id: '12', authorId: '6', upc: '5', body: body(4, 6) },
]
