// A schema written for MySQL, as PostgreSQL has it: what differs between the two is generated here and never edited.

/** Native types that PostgreSQL calls otherwise; those not named are the same in both. */
const nativeTypes = {
  DateTime: 'Timestamptz',
  Timestamp: 'Timestamptz',
  Double: 'DoublePrecision',
  Float: 'Real',
  TinyText: 'Text',
  MediumText: 'Text',
  LongText: 'Text',
  Json: 'JsonB',
  Int: 'Integer',
  MediumInt: 'Integer',
  UnsignedInt: 'Integer',
  TinyInt: 'SmallInt',
  UnsignedTinyInt: 'SmallInt',
  UnsignedSmallInt: 'Integer',
  Blob: 'ByteA',
  LongBlob: 'ByteA',
  Binary: 'ByteA',
  VarBinary: 'ByteA',
}
/** Types whose PostgreSQL name takes no length. */
const withoutLength = new Set(['Text', 'ByteA', 'DoublePrecision', 'Real', 'SmallInt', 'Integer', 'JsonB'])

/**
 * @param {string} schema
 * @returns {string | undefined} undefined for a schema that is not MySQL's
 */
export function postgresTwin(schema) {
  if (!/provider\s*=\s*"mysql"/.test(schema)) return undefined
  const models = schema
    .replace(/^(?:\/\/[^\n]*\n)+/, '')
    .replace(/(provider\s*=\s*)"mysql"/, '$1"postgresql"')
    .replace(/(output\s*=\s*)"([^"]+)\/mysql"/, '$1"../$2/postgres"')
    .replace(/@db\.(\w+)(\([^)]*\))?/g, (_, name, length = '') => {
      const type = nativeTypes[name] ?? name
      return `@db.${type}${withoutLength.has(type) ? '' : length}`
    })
    // PostgreSQL indexes whole columns, and full text otherwise.
    .replace(/\((length: \d+)\)/g, '')
    .replace(/^\s*@@fulltext\([^\n]*\n/gm, '')
    // What MySQL alone has is a model under such a comment, what PostgreSQL alone has stands in one.
    .replace(/^\/\/ mysql: [^\n]*\nmodel [^{]*\{\n[^}]*\n\}\n\n?/gm, '')
    .replace(/^(\s*)\/\/ postgres: /gm, '$1')
  return `// Generated from ../schema.prisma by ops/generate.mjs; change that file.\n${models}`
}
