import { spawnSync } from 'node:child_process'
import { processEnv } from '@movieverse/kit/env'

/**
 * Whether a program is on this machine: tests that need it are absent otherwise. Under REQUIRE_ENGINES=1 (CI) always
 * true, so that they fail.
 */
export function isInstalled(program: string): boolean {
  return processEnv.REQUIRE_ENGINES === '1' || spawnSync(program, ['--help']).error === undefined
}
