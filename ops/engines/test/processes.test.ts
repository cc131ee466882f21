import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { findPrograms, logFile, startPrograms, stopPrograms } from '../processes.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'movieverse-processes-'))
  onTestFinished(async () => {
    await stopPrograms(folder, { signal: 'SIGKILL', patienceMs: 0 })
    await rm(folder, { recursive: true, force: true })
  })
})

const shell = (name: string, script: string) => ({ name, file: 'sh', args: ['-c', script] })

async function untilWritten(name: string, text: string): Promise<void> {
  while (!(await readFile(logFile(folder, name), 'utf8')).includes(text)) await delay(10)
}

describe('Programs of a folder', () => {
  it('are known by pid and start: a pid that is somebody else’s now is not ours', async () => {
    await startPrograms(folder, [shell('one', 'exec sleep 1000')])
    const one = (await findPrograms(folder)).get('one')
    expect(one?.pid).toBeGreaterThan(0)
    const record = await readFile(join(folder, 'one.pid'), 'utf8')
    const reused = record.replace(` ${one?.startedAt} `, ` ${Number(one?.startedAt) - 1} `)
    await writeFile(join(folder, 'one.pid'), reused)
    expect((await findPrograms(folder)).get('one')).toBeUndefined()
    await stopPrograms(folder, { signal: 'SIGTERM', patienceMs: 5000 })
    expect(() => process.kill(one?.pid ?? 0, 0)).not.toThrow()
    process.kill(one?.pid ?? 0, 'SIGKILL')
  })

  it('end with all that descends from them, even if they ignore the signal', async () => {
    await startPrograms(folder, [
      shell('stubborn', "trap '' TERM; sleep 1000 & echo child $!; while :; do sleep 0.1; done"),
    ])
    await untilWritten('stubborn', 'child')
    const child = Number((await readFile(logFile(folder, 'stubborn'), 'utf8')).match(/child (\d+)/)?.[1])
    await stopPrograms(folder, { signal: 'SIGTERM', patienceMs: 200 })
    expect(await findPrograms(folder)).toEqual(new Map())
    await expect(readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')).resolves.toBe('')
  })

  it('stop in the reverse of their order, each before the one that it needs', async () => {
    const note = (name: string) =>
      shell(name, `trap 'echo ${name} >> order; exit' TERM; echo ready; while :; do sleep 0.05; done`)
    await startPrograms(folder, [note('first'), note('second')])
    for (const name of ['first', 'second']) await untilWritten(name, 'ready')
    await stopPrograms(folder, { signal: 'SIGTERM', patienceMs: 10_000 })
    expect(await readFile(join(folder, 'order'), 'utf8')).toBe('second\nfirst\n')
  })

  it('that have ended count as such, and their words are kept through the next start', async () => {
    await startPrograms(folder, [shell('brief', 'echo the reason')])
    while ((await findPrograms(folder)).get('brief')) await delay(10)
    await startPrograms(folder, [shell('brief', 'exec sleep 1000')])
    expect(await readFile(`${logFile(folder, 'brief')}.previous`, 'utf8')).toContain('the reason')
    expect((await findPrograms(folder)).get('brief')).toBeDefined()
  })
})
