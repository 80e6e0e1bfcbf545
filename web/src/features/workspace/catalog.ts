// The catalog of a console: tables with columns and keys, for completion and for the browser of the schema. Pure.

export interface CatalogColumn {
  name: string
  type: string
  not_null: boolean
  default: string | null
}
export interface CatalogKey {
  kind: 'primary' | 'unique' | 'foreign'
  name: string
  columns: string[]
  ref_schema: string | null
  ref_table: string | null
  ref_columns: string[] | null
}
export interface CatalogTable {
  schema: string
  name: string
  kind: string
  estimate: number | null
  comment: string | null
  columns: CatalogColumn[]
  keys: CatalogKey[]
}
export interface Catalog {
  search_path: string[]
  tables: CatalogTable[]
  functions: { schema: string; name: string; arguments: string; result: string | null }[]
}

/** A name as it has to be written: quoted only where PostgreSQL would fold or refuse it. */
export function ident(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** Of the words that can't be names without quotes, those that people do use as names. */
const RESERVED = new Set(
  'all and any array as asc both case cast check collate column constraint create current_date current_user default desc distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral leading limit not null offset on only or order placing primary references returning select session_user some symmetric table then to trailing true union unique user using variadic when where window with'.split(
    ' ',
  ),
)

/** With its schema only where the search path does not lead there. */
export function tableName(catalog: Catalog, table: { schema: string; name: string }): string {
  return catalog.search_path.includes(table.schema) ? ident(table.name) : `${ident(table.schema)}.${ident(table.name)}`
}

/** For completion: schemas, in them tables, in them columns. */
export function namespace(catalog: Catalog): Record<string, Record<string, string[]>> {
  const schemas: Record<string, Record<string, string[]>> = {}
  for (const table of catalog.tables) {
    const schema = (schemas[table.schema] ??= {})
    schema[table.name] = table.columns.map((column) => column.name)
  }
  return schemas
}

export interface ColumnMarks {
  primary: boolean
  unique: boolean
  references: string | null
}

export function columnMarks(table: CatalogTable, column: string): ColumnMarks {
  const keys = table.keys.filter((key) => key.columns.includes(column))
  const foreign = keys.find((key) => key.kind === 'foreign')
  const at = foreign?.columns.indexOf(column) ?? -1
  return {
    primary: keys.some((key) => key.kind === 'primary'),
    unique: keys.some((key) => key.kind === 'unique' && key.columns.length === 1),
    references: foreign ? `${foreign.ref_table ?? '?'}.${foreign.ref_columns?.[at] ?? '?'}` : null,
  }
}
