import type { SubgraphContext } from '@movieverse/kit/context'
import DataLoader from 'dataloader'
import type { Directory } from './directory.ts'
import type { Follow, FollowPage, Profile, ProfileStore } from './store.ts'

/** Reads of one request, gathered: one statement each, however many are asked for at once. */
export interface Loaders {
  profile(id: number, context: SubgraphContext): Promise<Profile | null>
  follows(page: FollowPage, context: SubgraphContext): Promise<readonly Follow[]>
  followCount(userId: number, context: SubgraphContext): Promise<number>
}

const profiles = Symbol('profiles')
const follows = Symbol('follows')
const followCounts = Symbol('follow counts')

export function createLoaders(store: ProfileStore, directory: Directory): Loaders {
  return {
    profile: (id, context) =>
      context
        .once(profiles, () => new DataLoader((ids: readonly number[]) => directory.profiles(ids)))
        .load(id),

    follows: (page, context) =>
      context
        .once(
          follows,
          () =>
            new DataLoader((pages: readonly FollowPage[]) => store.follows(pages), {
              cacheKeyFn: ({ userId, limit, before }) => `${userId} ${limit} ${before ?? ''}`,
            }),
        )
        .load(page),

    followCount: (userId, context) =>
      context
        .once(followCounts, () => new DataLoader((ids: readonly number[]) => store.followCounts(ids)))
        .load(userId),
  }
}
