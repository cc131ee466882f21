/**
 * Pieces of generated code. Response keys come from clients: they are quoted as JSON, and the few that
 * mean something on every object (`constructor`, `__proto__`) are read and written so that they don't.
 */

/** An expression that reads a response key as an own property. */
export function property(object: string, key: string): string {
  const name = JSON.stringify(key)
  return key in Object.prototype ? `own(${object},${name})` : `${object}[${name}]`
}

/** A statement that writes a response key as an own property. */
export function assignment(object: string, key: string, value: string): string {
  const name = JSON.stringify(key)
  return key === '__proto__' ? `put(${object},${name},${value});` : `${object}[${name}]=${value};`
}

/** The key of an object literal; computed where the plain form would set the prototype. */
export function literalKey(key: string): string {
  return key === '__proto__' ? '["__proto__"]' : JSON.stringify(key)
}

export function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined
}

/** Writes an own property, whatever its name. */
export function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

/**
 * Compiles `source`, which returns a function, with these names in scope (`own` and `put` always are).
 * Only this module makes code of text, and callers quote everything that is not theirs.
 */
export function compile(source: string, scope: Readonly<Record<string, unknown>> = {}): unknown {
  const names = ['own', 'put', ...Object.keys(scope)]
  const make = new Function(...names, `"use strict";${source}`)
  return make(own, put, ...Object.values(scope))
}
