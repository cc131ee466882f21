import type { EntitySet, Requirement } from '../planning/plan.ts'
import type { Joins } from '../supergraph/joins.ts'
import { compile, property } from './codegen.ts'
import {
  type Member,
  otherRewrites,
  type Representation,
  representationOf,
  requiredFields,
  requiredTypes,
} from './requirements.ts'
import { compileRewrites } from './rewrite.ts'
import type { Entity } from './run.ts'

/** Representations that go out in one variable, each once. */
export class Batch {
  /** JSON texts, with commas between. */
  text = ''
  count = 0
  /** Slot by text, or by the key's value where that tells entities apart. */
  readonly slots = new Map<unknown, unknown>()
}

/** The entities of one set, and where in the batch each is represented. */
export class Targets {
  readonly entities: Entity[] = []
  readonly slots: number[] = []
  readonly batch: Batch
  /** A required field may be absent: nothing failed so far, so it was left out by @skip or @include. */
  readonly lenient: boolean

  constructor(batch: Batch, lenient: boolean) {
    this.batch = batch
    this.lenient = lenient
  }
}

/**
 * Takes an entity into a batch, or leaves it when it cannot be represented: its key is null or absent, or
 * another required field is absent because fetching it failed.
 */
export type Represent = (entity: Entity, targets: Targets) => void

/**
 * Compiles the representations of an entity set into code that writes JSON text. Equal texts are sent once.
 * @param alone no other set shares the batch
 */
export function compileRepresent(set: EntitySet, service: string, joins: Joins, alone: boolean): Represent {
  const types = requiredTypes(set.requires, joins)
  const representations = new Map<string, Representation>()
  for (const type of types) representations.set(type, representationOf(set, type, service, joins))
  const rewrite = compileRewrites(otherRewrites(set.inputRewrites), joins)

  const texts = new TextSource(joins)
  const cases: string[] = []
  const functions = new Map<string, string>()
  for (const [type, representation] of representations) {
    const body = texts.body(
      representation.members,
      `{"__typename":${JSON.stringify(representation.typename)}`,
    )
    const name = functions.get(body) ?? `r${functions.size}`
    functions.set(body, name)
    cases.push(`case ${JSON.stringify(type)}:x=${name}(e,t.lenient);break;`)
  }
  const declared = [...functions].map(([body, name]) => `function ${name}(e,l){${body}}`).join('')
  const [only] = representations.size === 1 ? representations.entries() : []
  const source = (body: string) => `${declared}${texts.declarations()}${body}`

  if (only && alone && !rewrite && comparable(only[1].members)) {
    return compile(source(byValue(only[0], only[1].members)), texts.scope) as Represent
  }
  const take =
    'let k=b.slots.get(x);if(k===undefined){k=b.count++;b.slots.set(x,k);b.text+=k===0?x:","+x;}' +
    't.entities.push(e);t.slots.push(k);'
  const rewritten = rewrite ? 'x=rewritten(x);' : ''
  const body =
    `return function(e,t){let x;switch(e.__typename){${cases.join('')}default:return;}` +
    `if(x===null)return;${rewritten}const b=t.batch;${take}}`
  const scope = {
    ...texts.scope,
    rewritten: (text: string) => {
      const value: unknown = JSON.parse(text)
      rewrite?.(value)
      return JSON.stringify(value)
    },
  }
  return compile(source(body), scope) as Represent
}

/** Entities of one type are told apart by the values of their fields, without writing the text of each. */
function comparable(members: readonly Member[]): boolean {
  return members.length > 0 && members.every((member) => !member.selections && member.fallback === undefined)
}

function byValue(type: string, members: readonly Member[]): string {
  const ordered = [...members].sort((one, other) => Number(other.key) - Number(one.key))
  const values = ordered.map((member, index) => `const v${index}=${property('e', member.source)};`).join('')
  const others = ordered.slice(1).map((_, index) => `v${index + 1}`)
  const same = others.map((name) => `n.${name}===${name}`).join('&&')
  const write = 'const x=r0(e,t.lenient);if(x===null)return;k=b.count++;b.text+=k===0?x:","+x;'
  const find =
    others.length === 0
      ? `let k=b.slots.get(v0);if(k===undefined){${write}b.slots.set(v0,k);}`
      : `let k;const h=b.slots.get(v0);let n=h;while(n!==undefined&&!(${same}))n=n.next;` +
        `if(n!==undefined)k=n.k;else{${write}b.slots.set(v0,{k,next:h,${others.join(',')}});}`
  return (
    `return function(e,t){if(e.__typename!==${JSON.stringify(type)})return;` +
    `${values}const b=t.batch;${find}t.entities.push(e);t.slots.push(k);}`
  )
}

/** Code that writes the JSON text of required fields. */
class TextSource {
  readonly scope: Readonly<Record<string, unknown>> = { text, list }
  readonly #nested: string[] = []

  constructor(private readonly joins: Joins) {}

  declarations(): string {
    return this.#nested.join('')
  }

  /** The body of a function of `e` that returns the object's text, or null when something required is absent. */
  body(members: readonly Member[], start: string): string {
    let code = `let o=${JSON.stringify(start)},n=0,v;`
    for (const member of members) {
      const name = JSON.stringify(`${JSON.stringify(member.target)}:`)
      code += `v=${property('e', member.source)};`
      if (member.fallback !== undefined) code += `if(v===undefined)v=${property('e', member.fallback)};`
      if (member.key) code += 'if(v===undefined||v===null)return null;'
      const value = member.selections ? `list(v,l,${this.#object(member.selections)})` : 'text(v)'
      code += `v=${value};if(v!==undefined){o+=(o.length>1?","+${name}:${name})+v;n++;}else if(!l)return null;`
    }
    return `${code}return n>0||${members.length === 0}?o+"}":null;`
  }

  /** Declares the function of a nested object's text and returns its name. */
  #object(selections: readonly Requirement[]): string {
    const name = `n${this.#nested.push('') - 1}`
    const types = requiredTypes(selections, this.joins)
    const cases = [...types].map(
      (type) =>
        `case ${JSON.stringify(type)}:{${this.body(requiredFields(selections, type, this.joins), '{')}}`,
    )
    const plain = this.body(requiredFields(selections, undefined, this.joins), '{')
    const body = cases.length > 0 ? `switch(e.__typename){${cases.join('')}default:{${plain}}}` : plain
    this.#nested[Number(name.slice(1))] = `function ${name}(e,l){${body}}`
    return name
  }
}

const PLAIN_TEXT = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** JSON.stringify of a string, faster for the short plain ones that keys are. */
function quote(text: string): string {
  return text.length < 200 && PLAIN_TEXT.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** JSON text of a leaf; undefined stays so. */
function text(value: unknown): string | number | boolean | undefined {
  if (typeof value === 'string') return quote(value)
  return typeof value === 'number' || typeof value === 'boolean' ? value : JSON.stringify(value)
}

/** JSON text of an object or of lists of them; undefined when something required is absent. */
function list(
  value: unknown,
  lenient: boolean,
  object: (value: Entity, lenient: boolean) => string | null,
): string | undefined {
  if (value === null) return 'null'
  if (typeof value !== 'object') return undefined
  if (!Array.isArray(value)) return object(value as Entity, lenient) ?? undefined
  let items = ''
  for (const [index, item] of value.entries()) {
    const one = list(item, lenient, object)
    if (one === undefined) return undefined
    items += index === 0 ? one : `,${one}`
  }
  return `[${items}]`
}
