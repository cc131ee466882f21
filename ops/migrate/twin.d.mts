/** @returns undefined for a schema that is not MySQL's */
export function postgresTwin(schema: string): string | undefined
