import { writeSecrets } from './secrets.ts'

const made = await writeSecrets('.env')
process.stdout.write(
  made.length > 0 ? `.env holds new secrets: ${made.join(', ')}.\n` : '.env has all that is needed.\n',
)
