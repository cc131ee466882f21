import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { flag, port, readEnv } from '@movieverse/kit/env'
import { readiness } from '@movieverse/kit/health'
import { createLifecycle } from '@movieverse/kit/lifecycle'
import { createLog, silentLog } from '@movieverse/kit/log'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

describe('the environment', () => {
  const schema = z.object({
    PORT: port.default(4000),
    SECRET: z.string().min(32),
    INTROSPECTION: flag.default(false),
  })

  test('is read with defaults; an empty value is none', () => {
    const secret = 's'.repeat(32)
    expect(readEnv(schema, { PORT: '', SECRET: secret, INTROSPECTION: 'yes' })).toEqual({
      PORT: 4000,
      SECRET: secret,
      INTROSPECTION: true,
    })
  })

  test('names every fault at once, and no value', () => {
    const read = () => readEnv(schema, { PORT: '99999', SECRET: 'hunter2', INTROSPECTION: 'perhaps' })
    expect(read).toThrow(expect.objectContaining({ code: 'BAD_ENVIRONMENT' }))
    expect(read).toThrow(/PORT[\s\S]*SECRET[\s\S]*INTROSPECTION/)
    expect(read).not.toThrow(/hunter2/)
  })
})

describe('the log', () => {
  function written(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
    const lines: string[] = []
    write(createLog({ service: 'shelf', destination: { write: (line: string) => void lines.push(line) } }))
    return lines.map((line) => JSON.parse(line))
  }

  test('is JSON with the service, the level and the request', () => {
    const [line, ...others] = written((log) => {
      log.child({ requestId: 'r1' }).info({ movieId: 8 }, 'hello')
      log.debug('not asked for')
    })
    expect(line).toMatchObject({ service: 'shelf', level: 'info', requestId: 'r1', movieId: 8, msg: 'hello' })
    expect(Number.isNaN(Date.parse(String(line?.time)))).toBe(false)
    expect(others).toEqual([])
  })

  test('keeps secrets and persons to itself', () => {
    const lines = written((log) => {
      log.info({ password: 'hunter2', input: { email: 'ann@example.com', refreshToken: 'opaque' } })
      log.info({ request: { headers: { authorization: 'Bearer x', 'x-movieverse-identity': 'eyJa.b.c' } } })
      log.error({ err: new Error('postgresql://shelf:hunter2@db/books and ann@example.com', { cause: 'x' }) })
      log
        .child({ 'Set-Cookie': 'hunter2' })
        .info({ rows: [{ row: { password_hash: 'hunter2' } }] }, 'ann@example.com')
      log.error({ err: new Error('eyJhbGciOi.eyJzdWIi.c2ln and Bearer opaque') })
    })
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|ann@example|opaque|eyJ|Bearer x/)
    expect(JSON.stringify(lines)).toContain('postgresql://shelf:***@')
  })
})

describe('readiness', () => {
  test('names each dependency’s state, and waits for none longer than two seconds', async () => {
    const state = await readiness({
      database: async () => undefined,
      bus: () => Promise.reject(new Error('connection refused')),
      search: () => new Promise(() => undefined),
    })
    expect(state).toEqual({
      ready: false,
      checks: { database: 'ok', bus: 'connection refused', search: 'no answer within 2000 ms' },
    })
  })

  test('shows a dependency that merely helps, and does not hang on it', async () => {
    const down = () => Promise.reject(new Error('connection refused'))
    const state = await readiness({ database: async () => undefined }, { sessions: down })
    expect(state).toEqual({ ready: true, checks: { sessions: 'connection refused', database: 'ok' } })
  })
})

describe('a lifecycle', () => {
  test('stops its parts in reverse order, each even if another fails, and once', async () => {
    const lifecycle = createLifecycle(silentLog)
    const stopped: string[] = []
    for (const name of ['a', 'b', 'c']) {
      lifecycle.onStop(name, async () => {
        stopped.push(name)
        if (name === 'b') throw new Error('no')
      })
    }
    expect(await Promise.all([lifecycle.stop(), lifecycle.stop()])).toEqual([['b'], ['b']])
    expect(stopped).toEqual(['c', 'b', 'a'])
    expect(lifecycle.stopping()).toBe(true)
  })

  test('stops what comes when it has stopped', async () => {
    const lifecycle = createLifecycle(silentLog)
    await lifecycle.stop()
    let stopped = false
    lifecycle.onStop('late', async () => {
      stopped = true
    })
    await lifecycle.stop()
    expect(stopped).toBe(true)
  })
})

describe('a process', () => {
  function start(ending: string) {
    const program = resolve('subgraphs/kit/test/processes/lifecycle.ts')
    const child = spawn(process.execPath, [program, ending], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
    }
    const ended = once(child, 'close').then(([code]) => ({ code: code as number, output }))
    const ready = async () => {
      while (!output.includes('ready')) await once(child.stdout, 'data')
    }
    return { child, ended, ready }
  }

  test.each(['SIGINT', 'SIGTERM'] as const)('stops in order on %s', async (signal) => {
    const { child, ended, ready } = start('clean')
    await ready()
    child.kill(signal)
    expect(await ended).toEqual({ code: 0, output: 'ready\nsecond stopped\nfirst stopped\n' })
  })

  test('ends with an error when a part does not stop cleanly', async () => {
    const { child, ended, ready } = start('failing')
    await ready()
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 1, output: expect.stringContaining('first stopped') })
  })

  test('ends at once on a second signal', async () => {
    const { child, ended, ready } = start('hanging')
    await ready()
    child.kill('SIGTERM')
    await once(child.stdout, 'data')
    await delay(1100)
    child.kill('SIGTERM')
    expect((await ended).code).toBe(130)
  })

  test('stops what its start was still making', async () => {
    const { child, ended, ready } = start('slow start')
    await ready()
    child.kill('SIGTERM')
    expect(await ended).toEqual({ code: 0, output: 'ready\nfirst stopped\nlate stopped\n' })
  })

  test('logs an error that nobody caught, stops in order, and ends with an error', async () => {
    const { code, output } = await start('uncaught').ended
    expect(code).toBe(1)
    expect(output).toMatch(/"level":"fatal"[\s\S]*a bug[\s\S]*second stopped\nfirst stopped/)
  })

  test('says in two lines why it cannot start and what to do', async () => {
    expect(await start('startup').ended).toEqual({
      code: 1,
      output: expect.stringMatching(
        /^Port 4000 is taken\.\n {2}→ Set PORT to another one\.\nfirst stopped\n$/,
      ),
    })
  })
})
