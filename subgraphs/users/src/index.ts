import { runService } from '@movieverse/kit/service'
import { usersService } from './service.ts'

await runService(usersService)
