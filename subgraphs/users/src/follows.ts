import { unauthenticated } from '@movieverse/kit/errors'
import type { Viewer } from '@movieverse/kit/viewer'
import type { Directory } from './directory.ts'
import { followChanged } from './events.ts'
import { fault, type Outcome, refused } from './faults.ts'
import type { Profiles } from './profiles.ts'
import type { ProfileStore, Target, TargetType } from './store.ts'

export interface FollowInput {
  readonly personId?: number | null
  readonly genreId?: number | null
  readonly userId?: number | null
  readonly following: boolean
}

export interface Follows {
  /** @returns the person, genre or user that is now followed, or no longer */
  set(viewer: Viewer, input: FollowInput): Promise<Outcome<Target>>
}

interface FollowParts {
  readonly store: ProfileStore
  readonly directory: Directory
  readonly profiles: Profiles
}

const fields = { person: 'personId', genre: 'genreId', user: 'userId' } as const satisfies Record<
  TargetType,
  string
>

export function createFollows({ store, directory, profiles }: FollowParts): Follows {
  async function exists({ type, id }: Target): Promise<boolean> {
    if (type === 'user') return (await directory.profiles([id]))[0] != null
    return (await directory.existing(type, [id])).has(id)
  }

  return {
    async set(viewer, { following, ...ids }) {
      const targets = (['person', 'genre', 'user'] as const).flatMap((type): Target[] => {
        const id = ids[fields[type]]
        return id == null ? [] : [{ type, id }]
      })
      const [target] = targets
      if (!target || targets.length > 1)
        return refused(fault('INVALID_VALUE', 'Name exactly one of personId, genreId and userId.'))
      const field = fields[target.type]
      if (target.type === 'user' && target.id === viewer.userId)
        return refused(fault('INVALID_VALUE', 'Nobody follows themselves.', field))
      if (!(await profiles.own(viewer))) throw unauthenticated('This account is gone.')
      const missing = fault('NOT_FOUND', `There is no ${target.type} ${target.id}.`, field)
      if (!(await exists(target))) return refused(missing)
      const tell = followChanged(target, following)
      const done = await store.follow(viewer.userId, target, { following, tell })
      return done ? { value: target } : refused(missing)
    },
  }
}
