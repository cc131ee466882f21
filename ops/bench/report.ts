/** One JSON line of a benchmark: which benchmark, which subject, and what it measures. */
export interface Row {
  readonly bench: string
  readonly name: string
  readonly [measure: string]: string | number | boolean | undefined
}

/** Writes a row to stdout. */
export function report(row: Row): void {
  process.stdout.write(`${JSON.stringify(row)}\n`)
}

/** Says on stderr what goes on, so that stdout holds rows only. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** The middle value; of an even number of values the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN
  return (low + high) / 2
}

/** The value below which a share (0 to 1) of the values lies. NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Rounds to so many significant digits that a row stays readable. */
export function rounded(value: number, digits = 4): number {
  return Number(value.toPrecision(digits))
}
