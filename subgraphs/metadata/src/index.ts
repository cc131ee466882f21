import { runService } from '@movieverse/kit/service'
import { metadataService } from './service.ts'

await runService(metadataService)
