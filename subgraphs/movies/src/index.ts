import { runService } from '@movieverse/kit/service'
import { moviesService } from './service.ts'

await runService(moviesService)
