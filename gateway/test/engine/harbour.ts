import type { Resolvers, Service } from './federation.ts'

/**
 * A fixture that has about everything a plan can hold: four subgraphs, an interface with entities and an
 * interface object, a union, nested lists, keys by two fields, arguments on required fields, enum values and fields
 * that clients don't see. The same resolvers serve the subgraphs and the monolith, so that graphql-js's answer
 * for the monolith is what a gateway must answer.
 */
export interface Harbour {
  readonly services: Readonly<Record<string, Service>>
  readonly monolith: Service
}

/** Says which values are absent or broken: `Type.field:id` → null, or an error. */
export type Weather = (place: string) => 'fine' | 'null' | 'error'

interface Ref {
  readonly __typename: string
  readonly id: string
}

const ship = (id: string): Ref => ({ __typename: 'Ship', id })
const boat = (id: string): Ref => ({ __typename: 'Boat', id })
const sailor = (id: string): Ref => ({ __typename: 'Sailor', id })

const metres: Record<string, number> = { s1: 100, s2: 200, s3: 50 }
const containers: Record<string, readonly string[]> = { s1: ['c1', 'c2'], s2: ['c3'], s3: [] }
const owners: Record<string, string | null> = { c1: 'p1', c2: 'p2', c3: null }

export function createHarbour(weather: Weather = () => 'fine'): Harbour {
  /** A field whose value depends on the weather. */
  const field =
    (name: string, value: (source: Ref, args: Record<string, unknown>) => unknown) =>
    (source: Ref, args: Record<string, unknown>): unknown => {
      const state = weather(`${name}:${source.id}`)
      if (state === 'error') throw new Error(`storm at ${name}:${source.id}`)
      return state === 'null' ? null : value(source, args)
    }

  const shipFleet = {
    name: field('Ship.name', ({ id }) => `Ship ${id}`),
    length: field('Ship.length', ({ id }, { unit }) => (metres[id] ?? 0) * (unit === 'FOOT' ? 3 : 1)),
    captain: field('Ship.captain', ({ id }) => (id === 's3' ? null : sailor(id === 's1' ? 'p1' : 'p2'))),
    watches: field('Ship.watches', ({ id }) =>
      id === 's1' ? [[sailor('p1'), sailor('p2')], [], [sailor('p1')]] : [[sailor('p3')]],
    ),
    sister: field('Ship.sister', ({ id }) => (id === 's1' ? ship('s2') : id === 's2' ? ship('s1') : null)),
    kind: field('Ship.kind', ({ id }) => (id === 's3' ? 'SECRET' : 'CARGO')),
  }
  const boatFleet = {
    name: field('Boat.name', ({ id }) => `Boat ${id}`),
    oars: field('Boat.oars', () => 4),
    owner: field('Boat.owner', () => sailor('p3')),
  }
  const sailorCrew = {
    name: field('Sailor.name', ({ id }) => `Sailor ${id}`),
    rank: field('Sailor.rank', ({ id }) => Number(id.slice(1))),
    ship: field('Sailor.ship', ({ id }) => (id === 'p3' ? null : ship(id === 'p1' ? 's1' : 's2'))),
    friends: field('Sailor.friends', ({ id }) =>
      id === 'p1' ? [sailor('p2'), sailor('p3')] : [sailor('p1')],
    ),
  }
  const containerCargo = {
    tonnes: field('Container.tonnes', ({ id }) => Number(id.slice(1)) * 10),
    owner: field('Container.owner', ({ id }) => {
      const owner = owners[id]
      return owner ? sailor(owner) : null
    }),
  }
  const shipCargo = {
    containers: field('Ship.containers', ({ id }) =>
      (containers[id] ?? []).map((container) => ({ __typename: 'Container', id: container })),
    ),
  }
  const load = (length: number | null | undefined, name: string | null | undefined) =>
    length === null || length === undefined ? null : `${name} loads ${length}`
  const vesselRegistry = {
    flag: field('Vessel.flag', ({ id }) => `flag of ${id}`),
    inspections: field('Vessel.inspections', ({ id }) => [
      { id: `i-${id}`, year: 2020, inspector: sailor('p2') },
      { id: `j-${id}`, year: 2021, inspector: null },
    ]),
  }
  const fleetQuery = {
    ships: () => [ship('s1'), ship('s2'), ship('s3')],
    ship: (_: unknown, { id }: { id: string }) => (id in metres ? ship(id) : null),
    vessels: () => [ship('s1'), boat('b1'), ship('s3')],
    things: () => [ship('s2'), boat('b1'), sailor('p1')],
    kinds: () => ['CARGO', 'SECRET'],
  }
  const crewQuery = {
    sailors: () => [sailor('p1'), sailor('p2'), sailor('p3')],
    admiral: () => sailor('p2'),
  }
  const registryQuery = { inspected: () => [ship('s1'), boat('b1')].map(({ id }) => ({ id })) }

  const fleet: Service = {
    sdl: `
      type Query { ships: [Ship!]! ship(id: ID!): Ship vessels: [Vessel] things: [Thing!]! kinds: [Kind] }
      type Mutation { rename(id: ID!, name: String!): Ship }
      enum Unit { METRE FOOT }
      enum Kind { CARGO SECRET @inaccessible }
      union Thing = Ship | Boat | Sailor
      interface Vessel @key(fields: "id") { id: ID! name: String! }
      type Ship implements Vessel @key(fields: "id") {
        id: ID! name: String! length(unit: Unit! = METRE): Float captain: Sailor watches: [[Sailor!]!]
        sister: Ship kind: Kind hidden: String @inaccessible
      }
      type Boat implements Vessel @key(fields: "id") { id: ID! name: String! oars: Int owner: Sailor! }
      type Sailor @key(fields: "id") { id: ID! }`,
    resolvers: {
      Query: fleetQuery,
      Mutation: { rename: (_: unknown, { id }: { id: string }) => ship(id) },
      Vessel: { __resolveType: ({ __typename }: Ref) => __typename, __resolveReference: byPrefix },
      Thing: { __resolveType: ({ __typename }: Ref) => __typename },
      Ship: { ...shipFleet, hidden: () => 'hidden', __resolveReference: ({ id }: Ref) => ship(id) },
      Boat: { ...boatFleet, __resolveReference: ({ id }: Ref) => boat(id) },
      Sailor: { __resolveReference: ({ id }: Ref) => sailor(id) },
    } as Resolvers,
  }
  const crew: Service = {
    sdl: `
      type Query { sailors: [Sailor!]! admiral: Sailor! }
      type Mutation { promote(id: ID!): Sailor }
      type Sailor @key(fields: "id") {
        id: ID! name: String! rank: Int ship: Ship friends(first: Int = 5): [Sailor!]!
      }
      type Ship @key(fields: "id") { id: ID! }`,
    resolvers: {
      Query: crewQuery,
      Mutation: { promote: (_: unknown, { id }: { id: string }) => sailor(id) },
      Sailor: { ...sailorCrew, __resolveReference: ({ id }: Ref) => sailor(id) },
      Ship: { __resolveReference: ({ id }: Ref) => ship(id) },
    } as Resolvers,
  }
  const cargo: Service = {
    sdl: `
      enum Unit { METRE FOOT }
      type Query { heaviest: Container }
      type Ship @key(fields: "id") {
        id: ID! name: String! @external length(unit: Unit! = METRE): Float @external
        containers: [Container!]! load: String @requires(fields: "length(unit: FOOT) name")
      }
      type Container @key(fields: "id") { id: ID! tonnes: Int! owner: Sailor }
      type Sailor @key(fields: "id") { id: ID! }`,
    resolvers: {
      Query: { heaviest: () => ({ __typename: 'Container', id: 'c3' }) },
      Ship: {
        ...shipCargo,
        load: field('Ship.load', (source) => {
          const { length, name } = source as Ref & { length?: number; name?: string }
          return load(length, name)
        }),
        __resolveReference: (reference: Ref) => reference,
      },
      Container: {
        ...containerCargo,
        __resolveReference: ({ id }: Ref) => ({ __typename: 'Container', id }),
      },
    } as Resolvers,
  }
  const registry: Service = {
    sdl: `
      type Query { inspected: [Vessel!]! }
      type Vessel @key(fields: "id") @interfaceObject { id: ID! flag: String inspections: [Inspection!]! }
      type Inspection { id: ID! year: Int! inspector: Sailor }
      type Sailor @key(fields: "id") { id: ID! }`,
    resolvers: {
      Query: registryQuery,
      Vessel: { ...vesselRegistry, __resolveReference: ({ id }: Ref) => ({ id }) },
    } as Resolvers,
  }

  const monolith: Service = {
    sdl: `
      type Query {
        ships: [Ship!]! ship(id: ID!): Ship vessels: [Vessel] things: [Thing!]!
        sailors: [Sailor!]! admiral: Sailor! heaviest: Container inspected: [Vessel!]!
      }
      enum Unit { METRE FOOT }
      union Thing = Ship | Boat | Sailor
      interface Vessel { id: ID! name: String! flag: String inspections: [Inspection!]! }
      type Ship implements Vessel {
        id: ID! name: String! length(unit: Unit! = METRE): Float captain: Sailor watches: [[Sailor!]!]
        sister: Ship containers: [Container!]! load: String flag: String inspections: [Inspection!]!
      }
      type Boat implements Vessel {
        id: ID! name: String! oars: Int owner: Sailor! flag: String inspections: [Inspection!]!
      }
      type Sailor { id: ID! name: String! rank: Int ship: Ship friends(first: Int = 5): [Sailor!]! }
      type Container { id: ID! tonnes: Int! owner: Sailor }
      type Inspection { id: ID! year: Int! inspector: Sailor }`,
    resolvers: {
      Query: {
        ...fleetQuery,
        ...crewQuery,
        heaviest: () => ({ __typename: 'Container', id: 'c3' }),
        inspected: () => [ship('s1'), boat('b1')],
      },
      Vessel: { __resolveType: ({ __typename }: Ref) => __typename },
      Thing: { __resolveType: ({ __typename }: Ref) => __typename },
      Ship: {
        ...shipFleet,
        ...shipCargo,
        ...vesselRegistry,
        load: field('Ship.load', ({ id }) => load((metres[id] ?? 0) * 3, `Ship ${id}`)),
      },
      Boat: { ...boatFleet, ...vesselRegistry },
      Sailor: sailorCrew,
      Container: containerCargo,
    } as Resolvers,
  }
  return { services: { fleet, crew, cargo, registry }, monolith }
}

/** An entity asked for by its interface: the fleet knows which it is. */
function byPrefix({ id }: Ref): Ref {
  return id.startsWith('s') ? ship(id) : boat(id)
}
