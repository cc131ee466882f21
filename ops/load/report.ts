import type { Source } from './records.ts'
import type { BrokenLine, LoadState } from './state.ts'

/** What a load came to. */
export interface LoadReport {
  readonly layout: string
  /** True when it was finished before and nothing was done now. */
  readonly alreadyLoaded: boolean
  readonly films: number
  readonly members: number
  readonly ratings: number
  /** Ratings of films that their members had rated before, or of members that are gone. */
  readonly skipped: number
  /** Lines that were read, broken ones with them. */
  readonly lines: number
  readonly broken: number
  /** The first 20 broken lines of films and of ratings. */
  readonly brokenLines: readonly BrokenLine[]
  readonly seconds: number
}

export function reportOf(
  source: Source,
  state: LoadState,
  run: { readonly seconds: number; readonly alreadyLoaded: boolean },
): LoadReport {
  const { films, members, ratings } = state
  return {
    layout: source.layout,
    films: films.done,
    members: members.done,
    ratings: ratings.done - ratings.skipped,
    skipped: ratings.skipped,
    lines: films.lines + ratings.lines,
    broken: films.broken + ratings.broken,
    brokenLines: [...films.first, ...ratings.first].slice(0, 20),
    ...run,
  }
}

/** More than one line in a hundred was broken: the load cannot be called a success. */
export function isTooBroken({ lines, broken }: LoadReport): boolean {
  return broken > lines / 100
}

const number = (value: number) => value.toLocaleString('en')

/** The lines for a terminal or a log. */
export function describeReport(report: LoadReport): string {
  const { layout, films, members, ratings, skipped, broken, brokenLines, lines, seconds } = report
  const counts = `${number(films)} films, ${number(members)} members, ${number(ratings)} ratings`
  const text = report.alreadyLoaded
    ? [`Loaded before: ${layout}, ${counts}.`]
    : [`Loaded ${layout}: ${counts} in ${seconds.toFixed(1)} s.`]
  if (skipped > 0)
    text.push(`${number(skipped)} ratings were left out: their members had rated the film before.`)
  if (broken > 0) {
    text.push(`${number(broken)} of ${number(lines)} lines are broken and were left out:`)
    text.push(...brokenLines.map(({ file, number: line, fault }) => `  ${file}, line ${line}: ${fault}`))
    if (broken > brokenLines.length) text.push(`  and ${number(broken - brokenLines.length)} more`)
  }
  if (isTooBroken(report)) text.push('That is more than 1 %: check the files.')
  return text.join('\n')
}
