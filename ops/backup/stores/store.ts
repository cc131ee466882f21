import type { Rows } from '../rows.ts'

export interface TableShape {
  readonly name: string
  readonly columns: readonly string[]
}

/** A store as it was at one moment, whatever is written meanwhile. */
export interface StoreView {
  /** In an order in which they can be written: what is referred to comes first. */
  readonly tables: readonly TableShape[]
  readonly sequences: Readonly<Record<string, string>>
  /** Equal contents give equal text. */
  read(table: TableShape): Rows
  close(): Promise<void>
}

/** A store into which a backup is written. */
export interface StoreTarget {
  /** Whether others have connections to it, where its engine can say so. */
  isUsed(): Promise<boolean>
  /** Tables that have rows. */
  filled(): Promise<readonly string[]>
  /** From here on nobody serves it (`restoringMark`), until `finish`. */
  begin(): Promise<void>
  /** Removes all that there is. */
  clear(): Promise<void>
  /** Removes what was put into new tables, of which there are these. */
  empty(tables: readonly TableShape[]): Promise<void>
  write(table: TableShape, rows: Rows): Promise<void>
  setSequences(values: Readonly<Record<string, string>>): Promise<void>
  finish(): Promise<void>
  close(): Promise<void>
}

/** Backups of one kind of server. */
export interface StoreEngine {
  /**
   * Makes writers of events wait, those under way having ended, so that all stores can be seen as of one moment.
   * @returns how to let them go on
   */
  hold(url: string): Promise<() => Promise<void>>
  /** @param leftOut names of tables that are not kept; `schema.*` for all of a schema */
  view(url: string, leftOut: readonly string[]): Promise<StoreView>
  target(url: string): Promise<StoreTarget>
}

/** @param patterns names, or `schema.*` */
export function isLeftOut(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('.*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  )
}
