import { codePoints, hasControls } from '@movieverse/kit/text'
import { type Fault, fault } from './faults.ts'
import type { ProfileChange } from './store.ts'

/** What a user may change. Left out stays; null clears what can be empty and leaves the rest. */
export interface ProfileInput {
  readonly displayName?: string | null
  readonly bio?: string | null
  /** An http or https address, as the scalar has checked it. */
  readonly avatarUrl?: string | null
  readonly favoriteGenreIds?: readonly number[] | null
  readonly preferences?: PreferencesInput | null
}

export interface PreferencesInput {
  readonly language?: string | null
  readonly matureContent?: boolean | null
  readonly emailNotifications?: boolean | null
}

const mostFavorites = 50

/** @returns the change that the input asks for, in the form that is stored, and all of its faults */
export function readProfileInput(input: ProfileInput): { change: ProfileChange; faults: readonly Fault[] } {
  const change: { -readonly [Field in keyof ProfileChange]: ProfileChange[Field] } = {}
  const faults: Fault[] = []
  if (input.displayName != null) {
    change.displayName = input.displayName.normalize('NFC').trim()
    const length = codePoints(change.displayName)
    if (length < 1 || length > 120 || hasControls(change.displayName))
      faults.push(
        fault('INVALID_VALUE', 'A display name has 1 to 120 characters, in one line.', 'displayName'),
      )
  }
  if (input.bio !== undefined) {
    const bio = (input.bio ?? '').normalize('NFC').replaceAll('\r\n', '\n').trim()
    change.bio = bio === '' ? null : bio
    if (codePoints(bio) > 500 || hasControls(bio, { lines: true }))
      faults.push(fault('INVALID_VALUE', 'A bio has 500 characters at most.', 'bio'))
  }
  if (input.avatarUrl !== undefined) change.avatarUrl = input.avatarUrl
  if (input.favoriteGenreIds != null) {
    change.favoriteGenreIds = [...new Set(input.favoriteGenreIds)]
    if (change.favoriteGenreIds.length > mostFavorites)
      faults.push(fault('INVALID_VALUE', `At most ${mostFavorites} favourite genres.`, 'favoriteGenreIds'))
  }
  const { language, matureContent, emailNotifications } = input.preferences ?? {}
  if (language != null) {
    const tag = languageTag(language)
    if (tag) change.language = tag
    else
      faults.push(fault('INVALID_VALUE', 'This is not a language tag (BCP 47).', 'preferences', 'language'))
  }
  if (matureContent != null) change.matureContent = matureContent
  if (emailNotifications != null) change.emailNotifications = emailNotifications
  return { change, faults }
}

/** @returns the tag in its canonical form, undefined for none: `en-us` → `en-US` */
function languageTag(text: string): string | undefined {
  if (text.length > 35) return undefined
  try {
    return new Intl.Locale(text).baseName
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
