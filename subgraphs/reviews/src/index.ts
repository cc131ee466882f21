import { runService } from '@movieverse/kit/service'
import { reviewsService } from './service.ts'

await runService(reviewsService)
