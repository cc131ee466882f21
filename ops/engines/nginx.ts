import type { Engine } from './engine.ts'
import { debianPackage } from './sources/debian.ts'
import { findProgram } from './sources/run.ts'

/** nginx is only installed: it runs in front of a distributed platform, with that one's configuration. */
export const nginx: Engine = {
  name: 'nginx',
  source: debianPackage('nginx', () => findProgram('nginx') !== undefined),
}
