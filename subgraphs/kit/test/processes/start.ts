import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'

/** A process of its own, so that it can be killed like one. It is killed at the end of the test at the latest. */
export async function startProcess(program: string, settings: object): Promise<ChildProcess> {
  const child = fork(resolve('subgraphs/kit/test/processes', program), [JSON.stringify(settings)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  onTestFinished(() => kill(child))
  await said(child, 'ready')
  return child
}

/** Waits until the process sends this word. */
export async function said(child: ChildProcess, word: string): Promise<void> {
  for (;;) {
    const gone = once(child, 'exit').then(() => {
      throw new Error(`The process ended before it said ${word}`)
    })
    const [message] = await Promise.race([once(child, 'message'), gone])
    if (message === word) return
  }
}

/** Ends it at once, without a word to anyone. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
