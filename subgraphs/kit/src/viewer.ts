/** Roles an account can have; `admin` is also the scope that `@requiresScopes(scopes: [["admin"]])` asks for. */
export type Role = 'user' | 'admin'

/** The signed-in client of a request, as the access token and the signed identity state it. */
export interface Viewer {
  readonly userId: number
  readonly username: string
  readonly roles: readonly Role[]
  /** Session (refresh-token family) that the access token belongs to; revocable. */
  readonly sessionId: string
}

export function isAdmin(viewer: Viewer | null): boolean {
  return viewer?.roles.includes('admin') ?? false
}
