import { runService } from '@movieverse/kit/service'
import { authService } from './service.ts'

await runService(authService)
