import type { WriteStream } from 'node:tty'
import { demoAccounts } from '../standalone/first-start.ts'
import type { Supervised } from './supervised.ts'
import type { Topology } from './topology.ts'

const isUp = ({ phase, process: { health } }: Supervised) =>
  phase === 'healthy' || (health === undefined && phase === 'ended')

/** Shows how far the processes are, on one line of a terminal; elsewhere each new line is a change. */
export function statusLine(stream: WriteStream): (processes: readonly Supervised[]) => void {
  let shown = ''
  return (processes) => {
    const up = processes.filter(isUp).length
    const others = processes.filter((one) => !isUp(one) && one.phase !== 'waiting')
    const named = others.map(({ process: { name }, phase }) => `${name} ${phase}`).join(', ')
    const line = `${up} of ${processes.length} up${named && `: ${named}`}`
    if (line === shown) return
    shown = line
    if (!stream.isTTY) stream.write(`${line}\n`)
    else stream.write(`\r\x1b[K${line.slice(0, stream.columns - 1)}${up === processes.length ? '\n' : ''}`)
  }
}

/** A line for each process. */
export function describe(processes: readonly Supervised[]): string {
  const lines = processes.map(({ process: { name, origin = '' }, phase, pid = '', restarts }) =>
    [
      name.padEnd(12),
      phase.padEnd(11),
      String(pid).padStart(8),
      origin.padEnd(24),
      restarts > 0 ? `restarted ${restarts} times` : '',
    ]
      .join(' ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

/** What is said when everything is up. */
export function welcome(
  { processes, of }: Topology,
  { folder, sample }: { readonly folder: string; readonly sample: boolean },
): string {
  const port = of('nginx')[0]?.process.environment.HTTPS_PORT
  const origin = `https://localhost:${port}`
  return [
    '',
    `  MovieVerse is ready: ${origin}/graphql`,
    '',
    `  processes      ${processes.length}; npm run distributed -- status, npm run distributed -- roll`,
    `  logs           ${folder}/logs`,
    '  certificate    made for this machine, so a browser asks whether to trust it; curl takes -k',
    '',
    '  Accounts',
    '  admin     ADMIN_PASSWORD of .env',
    ...(sample ? demoAccounts.map(({ username, password }) => `  ${username.padEnd(10)}${password}`) : []),
    '',
    '  Ctrl-C stops all of them and keeps the data.',
    '',
    '',
  ].join('\n')
}
