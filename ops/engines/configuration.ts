import { writeFile } from 'node:fs/promises'

/** Writes a file of lines that only this account can read: some hold the set's password. */
export async function writeLines(file: string, lines: readonly string[]): Promise<void> {
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
}
