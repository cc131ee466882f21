import { graphql } from 'graphql'
import { beforeAll, expect, test } from 'vitest'
import { buildServices, composeSupergraph } from '../gateway/services.ts'

let services: Awaited<ReturnType<typeof buildServices>>
beforeAll(async () => {
  services = await buildServices()
})

async function ask(service: string, source: string) {
  const schema = services.get(service)
  if (schema === undefined) throw new Error(`there is no ${service}`)
  const { data, errors } = await graphql({ schema, source })
  expect(errors).toBeUndefined()
  return JSON.parse(JSON.stringify(data))
}

test('the four subgraphs compose', async () => {
  const supergraph = await composeSupergraph('http://127.0.0.1:1')
  for (const name of services.keys()) expect(supergraph).toContain(`http://127.0.0.1:1/${name}`)
})

test('inventory estimates shipping from what it is handed, and ships dear goods free of charge', async () => {
  const entities = await ask(
    'inventory',
    `{ _entities(representations: [
      { __typename: "Product", upc: "1", price: 899, weight: 410 }
      { __typename: "Product", upc: "2", price: 1299, weight: 1020 }
    ]) { ... on Product { upc inStock shippingEstimate } } }`,
  )
  expect(entities._entities).toEqual([
    { upc: '1', inStock: true, shippingEstimate: 205 },
    { upc: '2', inStock: false, shippingEstimate: 0 },
  ])
})

test('reviews are found from both ends', async () => {
  const { _entities } = await ask(
    'reviews',
    `{ _entities(representations: [{ __typename: "User", id: "1" }, { __typename: "Product", upc: "4" }]) {
      ... on User { reviews { id product { upc } } }
      ... on Product { reviews { id author { id username } } }
    } }`,
  )
  expect(_entities[0].reviews).toEqual([
    { id: '1', product: { upc: '1' } },
    { id: '7', product: { upc: '2' } },
  ])
  expect(_entities[1].reviews).toEqual([
    { id: '10', author: { id: '4', username: 'hsolberg' } },
    { id: '11', author: { id: '5', username: 'luciaf' } },
  ])
})
