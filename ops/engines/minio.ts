import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BucketAlreadyOwnedByYou, CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { Engine, Variables } from './engine.ts'
import { goProgram } from './sources/go.ts'

const program = goProgram('github.com/minio/minio', 'v0.0.0-20260212201848-7aac2a2c5b7c')

/** MinIO: the objects of S3 in a folder. */
export const minio: Engine = {
  name: 'minio',
  source: program,
  server: {
    ports: [10],
    stopSignal: 'SIGTERM',
    variables: ({ ports: [port], password }) => ({
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      S3_REGION: 'us-east-1',
      S3_BUCKET: 'movieverse',
      S3_ACCESS_KEY_ID: 'movieverse',
      S3_SECRET_ACCESS_KEY: password,
    }),
    async prepare({ folder, ports: [port], password }) {
      const data = join(folder, 'data')
      await mkdir(data, { recursive: true })
      const env = {
        HOME: folder,
        MINIO_ROOT_USER: 'movieverse',
        MINIO_ROOT_PASSWORD: password,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
      }
      const args = ['server', data, '--address', `127.0.0.1:${port}`]
      return [{ name: 'server', file: program.file(), args, env }]
    },
    async furnish(place) {
      const variables = this.variables(place)
      await withClient(variables, async (client) => {
        await client
          .send(new CreateBucketCommand({ Bucket: variables.S3_BUCKET }))
          .catch((error: unknown) => {
            if (!(error instanceof BucketAlreadyOwnedByYou)) throw error
          })
      })
    },
    check: (variables) =>
      withClient(variables, async (client) => {
        await client.send(new HeadBucketCommand({ Bucket: variables.S3_BUCKET }))
      }),
  },
}

async function withClient(variables: Variables, use: (client: S3Client) => Promise<void>): Promise<void> {
  const client = new S3Client({
    endpoint: variables.S3_ENDPOINT,
    region: variables.S3_REGION,
    credentials: {
      accessKeyId: variables.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: variables.S3_SECRET_ACCESS_KEY ?? '',
    },
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 2000, requestTimeout: 5000 },
  })
  try {
    await use(client)
  } finally {
    client.destroy()
  }
}
