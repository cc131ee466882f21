/** Variables by name, as the services read them. */
export type Variables = Readonly<Record<string, string>>

/** What an engine of a set has for itself. All of it is absolute. */
export interface Place {
  /** Its folder: configuration, data, log. Exists. */
  readonly folder: string
  /** The ports that it asked for, in its order. */
  readonly ports: readonly number[]
  /** The set's own password, of letters and digits, for the engines that have accounts. */
  readonly password: string
}

/** One process of an engine. It stays in the foreground and writes its log to standard output or error. */
export interface Program {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Variables
}

/** How an engine comes onto the machine. */
export interface Source {
  /** What it is and where it comes from: `redis-server of Debian`. */
  readonly about: string
  isThere(): Promise<boolean>
  /**
   * Gets it; does nothing where it is there.
   * @throws StartupError NOT_INSTALLED with what to do by hand
   */
  install(say: (line: string) => void): Promise<void>
}

/** An engine as a server that can be started here. */
export interface Server {
  /** Distances of its ports from the set's first; the service's own comes first. */
  readonly ports: readonly number[]
  /** The signal of an orderly stop. */
  readonly stopSignal: NodeJS.Signals
  /** What a set's engine adds to the services' environment. Where all of these are set already, that server is used. */
  variables(place: Place): Variables
  /** Writes the configuration, makes the data folder once, and answers the processes in the order of their start. */
  prepare(place: Place): Promise<readonly Program[]>
  /** Makes what services expect to find (databases, a bucket). Fails while the server isn't ready; may run again. */
  furnish?(place: Place): Promise<void>
  /**
   * Asks the server of these variables for real work.
   * @throws Error while it does not answer; within seconds
   */
  check(variables: Variables): Promise<void>
}

export interface Engine {
  readonly name: string
  readonly source: Source
  /** Absent where the set only installs it. */
  readonly server?: Server
}
