import 'reflect-metadata'
import type { SubgraphContext } from '@movieverse/kit/context'
import { badUserInput } from '@movieverse/kit/errors'
import {
  listSize,
  PageArgs,
  type PageOrder,
  readPage,
  toConnection,
} from '@movieverse/kit/graphql/connection'
import { parseId } from '@movieverse/kit/graphql/ids'
import { codePoints } from '@movieverse/kit/text'
import {
  Arg,
  Args,
  ArgsType,
  Ctx,
  Directive,
  Field,
  FieldResolver,
  ID,
  Mutation,
  Query,
  Resolver,
  Root,
} from 'type-graphql'
import { loadersOf } from '../loaders.ts'
import { nameKey, queryWords } from '../names.ts'
import { SavePersonInput } from '../schema/inputs.ts'
import { PersonPayload } from '../schema/payloads.ts'
import { CreditConnection, Person, PersonConnection } from '../schema/types.ts'
import type { CreditPosition, PersonCredit, PersonPosition, Person as StoredPerson } from '../store.ts'
import type { ResolverParts } from './parts.ts'

@ArgsType()
class PeopleArgs extends PageArgs {
  @Field(() => String, {
    nullable: true,
    description: 'Beginnings of words of the name, without regard to case and accents.',
  })
  query?: string | null
}

const byName: PageOrder<StoredPerson> = {
  name: 'NAME',
  shape: ['string', 'integer'],
  keyOf: ({ id, name }) => [nameKey(name), id],
}
const byFilm: PageOrder<PersonCredit> = {
  name: 'FILM',
  shape: ['integer', 'string', 'integer'],
  keyOf: ({ movieId, job, order }) => [movieId, job, order],
}
const longestQuery = 200

export function createPersonResolver({ store, people }: ResolverParts) {
  @Resolver(() => Person)
  class PersonResolver {
    @Query(() => Person, { nullable: true })
    person(@Arg('id', () => ID) id: string, @Ctx() context: SubgraphContext): Promise<Person | null> {
      return loadersOf(context, store).person(parseId(id))
    }

    @Directive(listSize)
    @Query(() => PersonConnection, { description: 'By name.' })
    async people(@Args(() => PeopleArgs) args: PeopleArgs): Promise<PersonConnection> {
      const page = readPage(args, byName)
      const text = args.query?.trim() ?? ''
      if (codePoints(text) > longestQuery)
        throw badUserInput(`query has at most ${longestQuery} characters.`, 'query')
      const words = queryWords(text)
      // Punctuation alone begins no word: nobody is found, rather than everybody.
      const nobody = text !== '' && words.length === 0
      const after = positionOfPerson(page.after)
      const rows = nobody ? [] : await store.people({ words, after, limit: page.limit })
      return toConnection(rows, page, byName, () => (nobody ? 0 : store.countPeople(words)))
    }

    @Directive(listSize)
    @FieldResolver(() => CreditConnection, {
      description: 'Films by falling id; within a film parts in order of billing, then directing.',
    })
    async credits(
      @Root() { id }: Person,
      @Args(() => PageArgs) args: PageArgs,
      @Ctx() context: SubgraphContext,
    ): Promise<CreditConnection> {
      const page = readPage(args, byFilm)
      const loaders = loadersOf(context, store)
      const rows = await loaders.creditsOfPerson(id, {
        after: positionOfCredit(page.after),
        limit: page.limit,
      })
      const { edges, pageInfo, totalCount } = toConnection(rows, page, byFilm, () =>
        // A list that fits into its first page is counted already.
        page.after === null && rows.length < page.limit ? rows.length : loaders.countCreditsOfPerson(id),
      )
      return {
        pageInfo,
        totalCount,
        edges: edges.map(({ cursor, node: { movieId, movieKnown, job, character } }) => ({
          cursor,
          job,
          character,
          node: movieKnown ? { id: movieId } : null,
        })),
      }
    }

    @Directive('@requiresScopes(scopes: [["admin"]])')
    @Mutation(() => PersonPayload)
    async savePerson(@Arg('input', () => SavePersonInput) input: SavePersonInput): Promise<PersonPayload> {
      const id = input.id == null ? undefined : parseId(input.id, 'input.id')
      const outcome = await people.save({ ...input, id })
      return 'value' in outcome
        ? { person: outcome.value, errors: [] }
        : { person: null, errors: outcome.faults }
    }
  }
  return PersonResolver
}

type Keys = readonly (string | number | null)[] | null

function positionOfPerson(keys: Keys): PersonPosition | undefined {
  const [key, id] = keys ?? []
  return typeof key === 'string' && typeof id === 'number' ? { key, id } : undefined
}

function positionOfCredit(keys: Keys): CreditPosition | undefined {
  if (!keys) return undefined
  const [movieId, job, order] = keys
  if (typeof movieId !== 'number' || typeof order !== 'number' || (job !== 'ACTOR' && job !== 'DIRECTOR'))
    throw badUserInput('after is not a cursor.', 'after')
  return { movieId, job, order }
}
