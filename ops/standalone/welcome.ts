import { demoAccounts } from './first-start.ts'

export interface Welcome {
  readonly origin: string
  readonly dataDir: string
  readonly sample: boolean
  /** Only at the start that made the administrator. */
  readonly administratorPassword: string | undefined
}

/** What a start prints when the platform answers. */
export function welcome({ origin, dataDir, sample, administratorPassword }: Welcome): string {
  const query = sample
    ? '{ movie(id: "1") { title year directors { name } rating { average count } } }'
    : '{ movies(first: 5) { edges { node { title } } } }'
  const accounts = [
    ...(administratorPassword
      ? [`  admin     ${administratorPassword}   (shown this once; npm run admin -- reset admin)`]
      : []),
    ...(sample ? demoAccounts.map(({ username, password }) => `  ${username.padEnd(10)}${password}`) : []),
  ]
  return [
    '',
    `  MovieVerse is ready: ${origin}/graphql`,
    '',
    `  in a browser   ${origin}/graphql   (GraphiQL)`,
    `  health         ${origin}/readyz   ${origin}/metrics`,
    `  data           ${dataDir}`,
    ...(accounts.length > 0 ? ['', '  Accounts', ...accounts] : []),
    '',
    '  Try',
    `  curl ${origin}/graphql -H 'content-type: application/json' \\`,
    `    -d '${JSON.stringify({ query })}'`,
    '',
    '  Ctrl-C stops everything and keeps the data.',
    '',
    '',
  ].join('\n')
}
