import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type Drill, type DrillOptions, WrongUse } from './drill.ts'
import { faultsDrill } from './faults.ts'
import { fuzzDrill } from './fuzz.ts'
import { killDrill } from './kill.ts'
import { outageDrill } from './outage.ts'
import { restoreDrill } from './restore.ts'
import { soakDrill } from './soak.ts'
import { runWitness } from './witness.ts'

/** Every drill. A further one is a file and a line here. */
const drills: readonly Drill[] = [killDrill, outageDrill, faultsDrill, fuzzDrill, restoreDrill, soakDrill]

const usage = `npm run drill                  lists the drills
npm run drill -- NAME          runs one; prints what it counted as a JSON line, and ends with 1 when a promise did not hold
  --profile embedded|engines   what the platform stands on (embedded)
  --count N                    how many cases (the drill's full size)
  --seed N                     the choice of what is random (a new one)
  --mutation NAME              breaks a promise on purpose: the drill must fail`

const size = z.coerce.number().int().positive().optional()
const flags = z.object({
  profile: z.enum(['embedded', 'engines']).default('embedded'),
  count: size,
  seed: size,
  mutation: z.string().optional(),
})

/** @returns the exit code: 0 passed, 1 failed, 2 asked wrongly */
async function main(args: readonly string[]): Promise<number> {
  const option = { type: 'string' } as const
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { profile: option, count: option, seed: option, mutation: option },
  })
  const [name, ...rest] = positionals
  // This bundle in another role: the consumer that drills kill.
  if (name === 'witness') {
    await runWitness(rest[0] ?? '', rest[1])
    return 0
  }
  if (name === undefined) {
    const lines = drills.map((drill) => `  ${drill.name.padEnd(14)}${drill.summary}`)
    process.stdout.write(`${[usage, '', ...lines].join('\n')}\n`)
    return 0
  }
  const drill = drills.find((one) => one.name === name)
  if (!drill) throw new WrongUse(`There is no drill ${name}.`)
  const chosen = flags.safeParse(values)
  if (!chosen.success) throw new WrongUse(z.prettifyError(chosen.error))
  const { profile, count, mutation, seed = 1 + Math.floor(Math.random() * 2 ** 31) } = chosen.data
  const options: DrillOptions = {
    profile,
    count,
    seed,
    mutation,
    say: (text) => process.stderr.write(`${text}\n`),
  }
  const startedAt = performance.now()
  const { n, counted, failures } = await drill.run(options)
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  process.stdout.write(
    `${JSON.stringify({ drill: name, profile, seed, mutation, n, ...counted, seconds, failures })}\n`,
  )
  return failures.length === 0 ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const wrongOption =
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  if (!wrongOption && !(error instanceof WrongUse)) throw error
  process.stderr.write(`${error.message}\n${usage}\n`)
  process.exitCode = 2
}
