import type { Body } from './running.ts'
import { type Subgraphs, startSubgraphs } from './subgraphs.ts'

/** A subgraph that answers what it is asked: the ground of tests that look at requests alone. */
export const startEcho = (): Promise<Subgraphs> =>
  startSubgraphs({
    echo: {
      sdl: `
        scalar JSON
        type Query { echo(text: String): String json(value: JSON): JSON self: Query many(first: Int = 1): [Thing!]! @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false) }
        type Thing { id: ID! things(first: Int = 1): [Thing!]! @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false) }
      `,
      resolvers: {
        Query: {
          echo: (_, { text: given }) => given,
          json: (_, { value }) => value,
          self: () => ({}),
          many: () => [],
        },
      },
    },
  })

/** A refusal's status and the code of its first error. */
export async function codeOf(pending: Promise<Response>): Promise<[status: number, code: unknown]> {
  const response = await pending
  const { errors } = (await response.json()) as Body
  return [response.status, errors?.[0]?.extensions.code]
}
