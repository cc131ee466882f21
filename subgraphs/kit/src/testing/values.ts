/**
 * Values over which stores differ when one is careless: a contract test writes them through a store and expects them
 * back, and ordered, alike on each of its engines.
 */
export const awkward = {
  /** Each stays as it is: emoji of one and of many code points, letters beyond the first plane, both forms of an accent. */
  texts: [
    '🎬',
    '👩‍👩‍👧‍👦 Family 🏴‍☠️',
    '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠜎',
    'Amélie',
    'Ame\u0301lie',
    'ﬁne ﬂat ſ',
    'O\'Brien \\ "quoted" \\\' `tick` %_?',
    'Straße',
    'İstanbul ıI',
    '千と千尋の神隠し',
    'العربية',
    'tab\tand\nline',
    'null',
    '0',
    '   spaces within   ends',
  ],
  /** Folded texts in the one order: by code points, which is that of their bytes in UTF-8. */
  ordered: ['10', '9', 'a', 'a b', 'aa', 'b', 'z', 'é', 'ø', 'я', '千', '\u{ffee}', '🎬', '𠜎'],
  /** Instants around changes of clocks, leap days and the ends of a second. */
  times: [
    '2024-02-29T23:59:59.999Z',
    '2026-03-08T07:30:00.001Z',
    '2026-03-29T01:30:00.500Z',
    '2026-10-25T00:30:00.123Z',
    '2026-10-25T01:30:00.123Z',
    '2026-11-01T06:30:00.050Z',
    '2038-01-19T03:14:08.000Z',
  ],
  /** Places whose clocks change at those times, and one half an hour off. */
  zones: ['America/New_York', 'Europe/Berlin', 'Asia/Kolkata'],
  days: ['1874-12-31', '1900-03-01', '1969-12-31', '1970-01-01', '2000-02-29', '2026-03-29'],
  /** Each is the nearest double to its decimals, and comes back as the same one. */
  decimals: [0, 0.1, 0.30000000000000004, 3.3333333333333335, 4.000000000000001, 1e-7, 9.999999999999998],
  largestInt: 2_147_483_647,
  beyondInt: 2_147_483_648,
} as const
