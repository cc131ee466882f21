/** A request of the benchmark. */
export interface BenchQuery {
  readonly name: string
  readonly query: string
  /** What the answer must weigh in bytes, as the tolerated range. */
  readonly bytes: readonly [number, number]
}

const full = `
fragment Person on User { id username name }
fragment Opinion on Review { id body }
fragment Article on Product { upc name price weight inStock shippingEstimate }
query Shop {
  users {
    ...Person
    reviews { ...Opinion product { ...Article reviews { ...Opinion author { ...Person reviews { ...Opinion product { ...Article } } } } } }
  }
  topProducts(first: 5) {
    ...Article
    reviews { ...Opinion author { ...Person reviews { ...Opinion product { ...Article } } } }
  }
}`

/** `full`: about 88 KB over four subgraphs with six levels of entities. `one`: a single fetch, about 50 bytes. */
export const queries: Readonly<Record<string, BenchQuery>> = {
  full: { name: 'full', query: full, bytes: [83_600, 92_400] },
  one: { name: 'one', query: '{ me { id username } }', bytes: [40, 60] },
}
