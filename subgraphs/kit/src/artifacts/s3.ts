import type { Readable } from 'node:stream'
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  NoSuchKey,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import {
  type ArtifactContent,
  ArtifactDamaged,
  type ArtifactDigest,
  type ArtifactStore,
} from './artifacts.ts'
import { checkKey, checkLink, checkList } from './bounds.ts'
import { digestOf, readingOf, verified } from './digest.ts'

export interface S3ArtifactsSettings {
  /** URL of the service where it is not Amazon's: MinIO's. Its buckets are then paths. */
  readonly endpoint?: string
  readonly region: string
  /** Exists; the store is alone in it. */
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Bytes of a part. What is larger goes up in parts, two at a time. */
const partSize = 8 << 20
/** Objects that one request may delete. */
const mostDeleted = 1000

/**
 * Artifacts in a bucket of S3 or MinIO, by the SDK of Amazon. The checksum stands in the object's metadata, so content and
 * checksum are replaced together; the SDK's own checksums guard each part on its way. An object without it, which someone
 * else has put, counts as damaged. `presign`: S3's own presigned URL, for whoever reaches the endpoint.
 * Parts of an upload whose process was killed stay in the bucket until a lifecycle rule
 * (AbortIncompleteMultipartUpload) removes them.
 */
export function createS3Artifacts(settings: S3ArtifactsSettings): ArtifactStore {
  const { endpoint, region, bucket: Bucket, accessKeyId, secretAccessKey } = settings
  const client = new S3Client({
    region,
    credentials: { accessKeyId, secretAccessKey },
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    requestHandler: { connectionTimeout: 3000, requestTimeout: 60_000 },
  })

  async function upload(Key: string, content: ArtifactContent, condition: { IfNoneMatch?: string } = {}) {
    const digest = await digestOf(content)
    // A file that changes in between would not be what its checksum says: its upload fails instead.
    const Body = content instanceof Uint8Array ? content : verified(Key, readingOf(content), digest)
    const params = { Bucket, Key, Body, Metadata: { sha256: digest.sha256 }, ...condition }
    await new Upload({ client, params, partSize, queueSize: 2 }).done()
    return digest
  }

  return {
    async put(key, content) {
      checkKey(key)
      return upload(key, content)
    },

    async create(key, content): Promise<ArtifactDigest | null> {
      checkKey(key)
      try {
        return await upload(key, content, { IfNoneMatch: '*' })
      } catch (error) {
        if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412) return null
        throw error
      }
    },

    async get(key) {
      checkKey(key)
      try {
        const object = await client.send(new GetObjectCommand({ Bucket, Key: key }))
        const { Body, ContentLength: size = 0, LastModified: modifiedAt = new Date(0), Metadata } = object
        const source = Body as Readable
        const sha256 = Metadata?.sha256
        if (sha256 === undefined) {
          source.destroy()
          throw new ArtifactDamaged(key, 'it has no checksum')
        }
        return { key, size, sha256, modifiedAt, content: verified(key, source, { size, sha256 }) }
      } catch (error) {
        if (error instanceof NoSuchKey) return null
        throw error
      }
    },

    async list(prefix, options = {}) {
      const { limit } = checkList(prefix, options)
      const page = await client.send(
        new ListObjectsV2Command({ Bucket, Prefix: prefix, StartAfter: options.after, MaxKeys: limit }),
      )
      const artifacts = (page.Contents ?? []).map(({ Key, Size, LastModified }) => ({
        key: Key ?? '',
        size: Size ?? 0,
        modifiedAt: LastModified ?? new Date(0),
      }))
      const next = page.IsTruncated ? artifacts.at(-1)?.key : undefined
      return { artifacts, ...(next === undefined ? {} : { next }) }
    },

    async delete(keys) {
      keys.forEach(checkKey)
      for (let from = 0; from < keys.length; from += mostDeleted) {
        const Objects = keys.slice(from, from + mostDeleted).map((Key) => ({ Key }))
        const { Errors = [] } = await client.send(
          new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
        )
        const [failed] = Errors
        if (failed)
          throw new Error(`The artifact ${failed.Key} is not deleted: ${failed.Message ?? failed.Code}`)
      }
    },

    async presign(key, expiresInMs) {
      checkLink(key, expiresInMs)
      const expiresIn = Math.ceil(expiresInMs / 1000)
      return getSignedUrl(client, new GetObjectCommand({ Bucket, Key: key }), { expiresIn })
    },

    async ping() {
      await client.send(new HeadBucketCommand({ Bucket }))
    },
    close: async () => client.destroy(),
  }
}
