import {
  type FragmentDefinitionNode,
  type GraphQLInterfaceType,
  type GraphQLLeafType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type GraphQLUnionType,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  type SelectionSetNode,
} from 'graphql'
import type { DeniedFields } from '../../operation.ts'
import { assignment, literalKey, property } from '../codegen.ts'
import {
  asksForType,
  type Condition,
  collectFields,
  isUnconditional,
  type ResponseField,
  type Selection,
  subselections,
} from './fields.ts'

export interface ProjectionSourceOptions {
  readonly schema: GraphQLSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly denied: DeniedFields | undefined
}

/** The value being completed. */
interface Place {
  /** JavaScript variable that holds it. */
  readonly variable: string
  /** `Type.field`, quoted. */
  readonly coordinate: string
  /** Expression of the last segment of its path. */
  readonly segment: string
  readonly selections: readonly Selection[]
}

/**
 * Writes the code of a projection: one function for each object type under each selection, and one for
 * each list. A function returns null when a non-null child of it could not be had (§6.4.4).
 */
export class ProjectionSource {
  readonly scope: Record<string, unknown> = {}
  readonly #functions: string[] = []
  readonly #names = new Map<string, string>()
  readonly #selectionSets = new Map<SelectionSetNode, number>()
  readonly #scopeNames = new Map<GraphQLNamedType, string>()

  constructor(private readonly options: ProjectionSourceOptions) {}

  /** All functions written so far. */
  text(): string {
    return this.#functions.join('\n')
  }

  /** @returns the name of the function that projects objects of this type */
  object(type: GraphQLObjectType | GraphQLInterfaceType, selections: readonly Selection[]): string {
    return this.#once(`object ${type.name} ${this.#identity(selections)}`, (name) => {
      const { schema, fragments } = this.options
      const fields = collectFields(schema, fragments, type, selections)
      const code = fields.map((field, index) => this.#field(type, field, `v${index}`)).join('')
      const result = fields.every(isUnconditional)
        ? `return {${fields.map(({ key }, index) => `${literalKey(key)}:v${index}`).join(',')}};`
        : `const r={};${fields
            .map((field, index) => guarded(field, assignment('r', field.key, `v${index}`)))
            .join('')}return r;`
      return `function ${name}(o,s){let m;${code}${result}}`
    })
  }

  #field(type: GraphQLObjectType | GraphQLInterfaceType, field: ResponseField, variable: string): string {
    const value = property('o', field.key)
    if (field.name === '__typename') {
      const typename = isObjectType(type) ? JSON.stringify(type.name) : `${value}??o.__typename`
      return `const ${variable}=${typename};`
    }
    // Introspection is answered beforehand, as it is asked.
    if (field.name === '__schema' || field.name === '__type') return `const ${variable}=${value}??null;`
    const definition = type.getFields()[field.name]
    if (!definition) return `const ${variable}=null;`
    const segment = JSON.stringify(field.key)
    const denial = this.#denial(field)
    if (denial) {
      const refuse = `s.denied(${JSON.stringify(denial)},${segment})`
      const code = isNonNullType(definition.type) ? `return ${refuse};` : `${refuse};`
      return `const ${variable}=null;${guarded(field, code)}`
    }
    const place: Place = {
      variable,
      coordinate: JSON.stringify(`${type.name}.${field.name}`),
      segment,
      selections: subselections(field),
    }
    return `let ${variable}=${value};${guarded(field, this.#complete(place, definition.type))}`
  }

  #denial(field: ResponseField): string | undefined {
    for (const { node } of field.selected) {
      const code = this.options.denied?.get(node)
      if (code) return code
    }
    return undefined
  }

  /** CompleteValue (§6.4.3): leaves the completed value in the place's variable, or returns null from the function. */
  #complete(place: Place, type: GraphQLOutputType): string {
    const { variable: v, coordinate, segment } = place
    const nullable = isNonNullType(type) ? type.ofType : type
    const required = isNonNullType(type)
    const absent = required ? `return s.missing(${coordinate},${segment});` : `${v}=null;`
    const stop = required ? `if(${v}===null)return null;` : ''
    const invalid = `${required ? 'return ' : `${v}=`}s.invalid(${coordinate},${segment});`
    const below = (call: string, end = stop) =>
      `m=s.count;${v}=${call}(${v},s);if(s.count!==m)s.under(m,${segment});${end}`

    let present: string
    if (isListType(nullable)) {
      present = `if(!Array.isArray(${v})){${invalid}}else{${below(this.#list(place, nullable.ofType))}}`
    } else if (isLeafType(nullable)) {
      present = this.#leaf(place, nullable, absent, stop)
    } else if (isAbstractType(nullable)) {
      // Null without a fault: an object of a type that clients don't know.
      const end = required
        ? `if(${v}===null)return s.count===m?s.missing(${coordinate},${segment}):null;`
        : ''
      const project = this.#abstract(nullable, place.selections)
      present = `if(typeof ${v}!=="object"){${invalid}}else{${below(project, end)}}`
    } else {
      const project = this.object(nullable, place.selections)
      present = `if(typeof ${v}!=="object"){${invalid}}else{${below(project)}}`
    }
    return `if(${v}===undefined||${v}===null){${absent}}else{${present}}`
  }

  #leaf(place: Place, type: GraphQLLeafType, absent: string, stop: string): string {
    const { variable: v, coordinate, segment } = place
    if (isEnumType(type)) {
      // A value that clients don't know is answered as if it were not there.
      const known = this.#inScope(type, () => new Set(type.getValues().map((value) => value.name)))
      return `if(!${known}.has(${v})){${absent}}`
    }
    if (!isSpecifiedScalarType(type)) return ''
    const expected: Record<string, string> = {
      Int: `(${v}|0)!==${v}`,
      Float: `typeof ${v}!=="number"`,
      Boolean: `typeof ${v}!=="boolean"`,
    }
    const leaf = this.#inScope(type, () => type)
    const unexpected = expected[type.name] ?? `typeof ${v}!=="string"`
    return `if(${unexpected}){${v}=s.leaf(${leaf},${v},${coordinate},${segment});${stop}}`
  }

  #list(place: Place, itemType: GraphQLOutputType): string {
    const key = `list ${place.coordinate} ${itemType} ${this.#identity(place.selections)}`
    return this.#once(key, (name) => {
      const item = this.#complete({ ...place, variable: 'x', segment: 'i' }, itemType)
      return (
        `function ${name}(v,s){let m;const n=v.length,a=new Array(n);` +
        `for(let i=0;i<n;i++){let x=v[i];${item}a[i]=x;}return a;}`
      )
    })
  }

  /**
   * Projects by `__typename`. Types that clients don't know are answered as null. An object that states no
   * type but that of its interface comes from an interface object: it can be answered as long as only the
   * interface's own fields are asked for.
   */
  #abstract(type: GraphQLInterfaceType | GraphQLUnionType, selections: readonly Selection[]): string {
    return this.#once(`abstract ${type.name} ${this.#identity(selections)}`, (name) => {
      const { schema, fragments } = this.options
      const cases = schema
        .getPossibleTypes(type)
        .map(
          (possible) =>
            `case ${JSON.stringify(possible.name)}:return ${this.object(possible, selections)}(v,s);`,
        )
      if (isInterfaceType(type) && !asksForType(schema, fragments, type, selections)) {
        const plain = this.object(type, selections)
        cases.push(`case undefined:case ${JSON.stringify(type.name)}:return ${plain}(v,s);`)
      }
      return `function ${name}(v,s){switch(v.__typename){${cases.join('')}default:return null;}}`
    })
  }

  #inScope(type: GraphQLNamedType, make: () => unknown): string {
    const known = this.#scopeNames.get(type)
    if (known) return known
    const name = `t${this.#scopeNames.size}`
    this.#scopeNames.set(type, name)
    this.scope[name] = make()
    return name
  }

  #once(key: string, write: (name: string) => string): string {
    const known = this.#names.get(key)
    if (known) return known
    const name = `f${this.#names.size}`
    this.#names.set(key, name)
    this.#functions.push(write(name))
    return name
  }

  #identity(selections: readonly Selection[]): string {
    return selections
      .map(({ selectionSet, conditions }) => {
        let id = this.#selectionSets.get(selectionSet)
        if (id === undefined) {
          id = this.#selectionSets.size
          this.#selectionSets.set(selectionSet, id)
        }
        return `${id}${conditions.map(({ variable, value }) => `${value ? '+' : '-'}${variable}`).join('')}`
      })
      .join(' ')
  }
}

/** Runs the code only when the field is to be answered. */
function guarded(field: ResponseField, code: string): string {
  if (isUnconditional(field) || code === '') return code
  const holds = ({ variable, value }: Condition) =>
    `${property('s.variables', variable)}${value ? '===true' : '!==true'}`
  const any = field.selected.map(({ conditions }) => conditions.map(holds).join('&&')).join('||')
  return `if(${any}){${code}}`
}
