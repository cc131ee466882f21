/** What installs the packages, by npx. */
export const packageManager = 'pnpm@12.21.0'
