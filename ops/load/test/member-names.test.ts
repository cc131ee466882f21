import { expect, test } from 'vitest'
import { memberName } from '../member-names.ts'

test('150,000 members have different user names, as user names are', () => {
  const names = Array.from({ length: 150_000 }, (_, index) => memberName(index + 1))
  expect(new Set(names.map(({ username }) => username)).size).toBe(150_000)
  for (const { username, displayName } of names) {
    expect(username).toMatch(/^[a-z]+\.[a-z]+\d*$/)
    expect(username.length).toBeLessThanOrEqual(30)
    expect(displayName).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/)
  }
})

test('a member has the same name each time, and neighbours look nothing alike', () => {
  expect(memberName(42)).toEqual(memberName(42))
  expect(memberName(1).displayName.split(' ')).not.toContain(memberName(2).displayName.split(' ')[0])
})
