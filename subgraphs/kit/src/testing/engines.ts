import { inject } from 'vitest'
import { type EngineName, type EngineVariables, variablesOf } from './find-engines.ts'
import './global-setup.ts'

/**
 * Where an engine is that the tests of this run share: its variable's value, or null where it isn't up (its tests are
 * absent then). With REQUIRE_ENGINES=1 never null: the run does not begin. Each test keeps to names of its own there.
 */
export function engineAddress(engine: EngineName): string | null {
  return engineVariables()[variablesOf[engine][0]] ?? null
}

/** All variables of the engines that are up, as a service's environment has them. */
export function engineVariables(): EngineVariables {
  return inject('movieverse.engines')
}
