/**
 * @returns undefined for a schema that is not MySQL's
 * @public
 */
export function postgresTwin(schema: string): string | undefined
