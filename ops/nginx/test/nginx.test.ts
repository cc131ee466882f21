import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { inherited } from '../../e2e/env.ts'
import { isInstalled } from '../../e2e/installed.ts'
import { type RunningNginx, startNginx } from './running.ts'
import { startUpstream, type Upstream } from './upstream.ts'

test('without a gateway that has an address it ends and says what to do', async () => {
  const program = spawn(process.execPath, ['ops/nginx/index.ts'], {
    env: {
      ...inherited,
      GATEWAYS: 'gateway.invalid:4000',
      NGINX_DIR: join(tmpdir(), 'movieverse-no-nginx'),
      TLS_CERTIFICATE: Buffer.from('-----BEGIN ').toString('base64'),
      TLS_KEY: Buffer.from('-----BEGIN ').toString('base64'),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  program.stderr.on('data', (chunk) => (said += chunk))
  const [code] = await once(program, 'close')
  expect([code, said]).toEqual([
    1,
    expect.stringMatching(/None of gateway\.invalid:4000 is known[\s\S]*Start the gateways/),
  ])
})

if (isInstalled('nginx'))
  describe('nginx', () => {
    let gateways: Upstream[]
    let nginx: RunningNginx

    beforeAll(async () => {
      gateways = [await startUpstream('one'), await startUpstream('two')]
      nginx = await startNginx(
        gateways.map(({ address }) => address),
        { NGINX_RATE: '10000', NGINX_CONNECTIONS: '1000' },
      )
    })
    beforeEach(() => {
      for (const { seen } of gateways) seen.length = 0
    })
    afterAll(async () => {
      await nginx?.close()
      for (const gateway of gateways ?? []) await gateway.close()
    })

    const seen = () => gateways.flatMap((gateway) => gateway.seen)

    /** A TLS connection of one's own. */
    async function tls(options: object = {}): Promise<TLSSocket> {
      const { httpsPort: port, certificate: ca } = nginx
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options })
      await once(socket, 'secureConnect')
      return socket
    }

    describe('TLS', () => {
      test('the configuration is one that nginx takes', () => {
        const file = join(nginx.folder, 'nginx.conf')
        const said = execFileSync('sh', ['-c', `nginx -t -p ${nginx.folder} -c ${file} 2>&1`], {
          encoding: 'utf8',
        })
        expect(said).toContain('test is successful')
        expect(said).not.toContain('[warn]')
      })

      test('the certificate is for this machine, and what is older than TLS 1.2 is refused', async () => {
        const socket = await tls()
        expect(socket.authorized).toBe(true)
        expect(socket.getProtocol()).toBe('TLSv1.3')
        expect(socket.getPeerCertificate().subjectaltname).toContain('DNS:localhost, IP Address:127.0.0.1')
        socket.destroy()
        await expect(
          tls({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
        ).rejects.toThrow()
      })

      test('plain HTTP is sent there, whatever is asked', async () => {
        const answer = await fetch(`${nginx.httpOrigin}/graphql?a=b`, {
          method: 'POST',
          body: '{}',
          redirect: 'manual',
        })
        expect([answer.status, answer.headers.get('location')]).toEqual([
          308,
          'https://127.0.0.1:443/graphql?a=b',
        ])
        expect(seen()).toEqual([])
      })

      test('HTTP/2 is spoken, HTTP/1.1 too', async () => {
        const socket = await tls({ ALPNProtocols: ['h2', 'http/1.1'] })
        expect(socket.alpnProtocol).toBe('h2')
        socket.destroy()
      })
    })

    describe('a request', () => {
      test('goes to each gateway in turn, over connections that are kept', async () => {
        for (let time = 0; time < 10; time++) await (await nginx.get('/graphql')).json()
        expect(gateways.map((gateway) => gateway.seen.length)).toEqual([5, 5])
        expect(seen()[0]?.headers.connection).not.toBe('close')
      })

      test('brings its own id if that is fit for logs, else gets one', async () => {
        const ids = async (given?: string) => {
          await nginx.get('/graphql', { headers: given === undefined ? {} : { 'x-request-id': given } })
          return seen().at(-1)?.headers['x-request-id']
        }
        expect(await ids('checkout-12345')).toBe('checkout-12345')
        for (const unfit of [undefined, 'short', `x${'y'.repeat(200)}`, 'with a blank in it']) {
          for (const { seen: requests } of gateways) requests.length = 0
          expect(await ids(unfit)).toMatch(/^[0-9a-f]{32}$/)
        }
      })

      test('says where it comes from by nginx’s word alone', async () => {
        const forged = { 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6', 'x-forwarded-proto': 'ftp' }
        await nginx.get('/graphql', { headers: forged })
        const [request] = seen()
        expect(request?.headers).toMatchObject({
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-proto': 'https',
          host: `localhost:${nginx.httpsPort}`,
        })
        expect(request?.headers.forwarded).toBeUndefined()
      })

      test('is answered with HSTS and without nginx’s version', async () => {
        const { headers } = await nginx.get('/graphql')
        expect(headers.get('strict-transport-security')).toBe('max-age=31536000')
        expect(headers.get('server')).toBe('nginx')
      })

      test('for what operators ask is refused', async () => {
        expect((await nginx.get('/metrics')).status).toBe(404)
        expect(seen()).toEqual([])
      })
    })

    describe('limits', () => {
      test('a body over 256 KB is refused in the gateway’s own form, before a gateway sees it', async () => {
        const answer = await nginx.get('/graphql', { method: 'POST', body: 'x'.repeat(300_000) })
        expect(answer.status).toBe(413)
        expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'PAYLOAD_TOO_LARGE' } }] })
        expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
        expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000')
        expect(seen()).toEqual([])
      })

      test('an address that asks too often, or holds too many connections, is told so', async () => {
        const strict = await startNginx(
          gateways.map(({ address }) => address),
          { NGINX_RATE: '1', NGINX_CONNECTIONS: '2' },
        )
        try {
          const held = [await strict.get('/stream'), await strict.get('/stream')]
          const third = await strict.get('/graphql')
          expect(third.status).toBe(429)
          for (const { body } of held) await body?.cancel()
          const statuses = []
          for (let time = 0; time < 12; time++) {
            const answer = await strict.get('/graphql')
            statuses.push(answer.status)
            if (answer.status === 429)
              expect(await answer.json()).toMatchObject({
                errors: [{ extensions: { code: 'RATE_LIMITED' } }],
              })
            else await answer.text()
          }
          expect(statuses).toContain(429)
        } finally {
          await strict.close()
        }
      })
    })

    describe('streams', () => {
      test('events arrive while the stream is open', async () => {
        const { body, headers } = await nginx.get('/stream', { headers: { accept: 'text/event-stream' } })
        expect(headers.get('content-type')).toBe('text/event-stream')
        const reader = body?.getReader()
        const { value, done } = (await reader?.read()) ?? {}
        expect([new TextDecoder().decode(value as Uint8Array), done]).toEqual(['data: first\n\n', false])
        await reader?.cancel()
      })

      test('WebSockets are upgraded, with their subprotocol', async () => {
        const socket = await tls({ ALPNProtocols: ['http/1.1'] })
        socket.write(
          'GET /graphql HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\n' +
            'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
            'sec-websocket-protocol: graphql-transport-ws\r\n\r\n',
        )
        let received = ''
        socket.on('data', (chunk) => (received += chunk.toString('latin1')))
        await expect.poll(() => received).toContain('hello')
        expect(received).toMatch(/^HTTP\/1\.1 101 /)
        expect(received).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
        expect(received.toLowerCase()).toContain('sec-websocket-protocol: graphql-transport-ws')
        socket.destroy()
      })
    })

    describe('gateways that go', () => {
      const post = () => nginx.get('/graphql', { method: 'POST', body: '{}' })

      test('one that is gone is left out, and taken back when it is there again', async () => {
        const [gone, other] = gateways as [Upstream, Upstream]
        await gone.close()
        for (let time = 0; time < 20; time++) expect((await post()).status).toBe(200)
        expect(other.seen).toHaveLength(20)
        gateways[0] = await startUpstream('one', Number(gone.address.split(':')[1]))
        await expect
          .poll(
            async () => {
              await post()
              return gateways[0]?.seen.length
            },
            { timeout: 10_000 },
          )
          .toBeGreaterThan(0)
      })

      test('what one has read is asked of another only if it changes nothing', async () => {
        for (const gateway of gateways) gateway.breakNext()
        const broken = await post()
        expect([broken.status, await broken.json()]).toMatchObject([
          503,
          { errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }] },
        ])
        expect(seen()).toHaveLength(1)
      })

      test('without any, the answer is a coded error; a killed program’s nginx is taken over', async () => {
        const pid = () => readFile(join(nginx.folder, 'nginx.pid'), 'utf8').catch(() => '')
        const former = await pid()
        nginx.program.kill('SIGKILL')
        await once(nginx.program, 'exit')
        for (const gateway of gateways) await gateway.close()
        nginx = await nginx.restart()
        await expect.poll(pid, { timeout: 10_000 }).toMatch(new RegExp(`^(?!${former.trim()}$)\\d+$`, 'm'))
        const answer = await post()
        expect(answer.status).toBe(503)
        expect(await answer.json()).toMatchObject({
          errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }],
        })
      })
    })
  })
