import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { ArtifactStore } from '../src/artifacts/artifacts.ts'
import { createFileArtifacts } from '../src/artifacts/files.ts'
import { createS3Artifacts } from '../src/artifacts/s3.ts'
import { engineAddress, engineVariables } from '../src/testing/engines.ts'

/** Where a test's artifacts are, with a way round the store. */
export interface ArtifactPlace {
  open(): ArtifactStore
  /** Changes a byte of what is stored. */
  damage(key: string): Promise<void>
  /** Puts something without its checksum. */
  putBare(key: string): Promise<void>
  close(): Promise<void>
}

export async function filePlace(): Promise<ArtifactPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-artifacts-'))
  const store = await createFileArtifacts({ folder })
  const pathOf = (key: string) => join(folder, key.replaceAll('/', '='))
  return {
    open: () => store,
    async damage(key) {
      const file = await open(pathOf(key), 'r+')
      await file.write(Buffer.from('x'), 0, 1, 1000)
      await file.write(Buffer.from('y'), 0, 1, 1001)
      await file.close()
    },
    putBare: (key) => writeFile(pathOf(key), 'bytes of another program, which knows of no checksum'),
    close: () => rm(folder, { recursive: true }),
  }
}

/** MinIO, if it is up. */
export const s3Places: { name: string; place: () => Promise<ArtifactPlace> }[] = engineAddress('minio')
  ? [{ name: 's3', place: s3Place }]
  : []

async function s3Place(): Promise<ArtifactPlace> {
  const { S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = engineVariables()
  const endpoint = S3_ENDPOINT ?? ''
  const region = S3_REGION ?? 'us-east-1'
  const bucket = S3_BUCKET ?? ''
  const credentials = {
    accessKeyId: S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: S3_SECRET_ACCESS_KEY ?? '',
  }
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  const putRaw = async (Key: string, Metadata: Record<string, string>) => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'other bytes', Metadata }))
  }
  return {
    open: () => createS3Artifacts({ endpoint, region, bucket, ...credentials }),
    // The bytes of an object cannot be changed behind its back: it is put again under the checksum of others.
    damage: (key) => putRaw(key, { sha256: '0'.repeat(64) }),
    putBare: (key) => putRaw(key, {}),
    close: async () => client.destroy(),
  }
}
