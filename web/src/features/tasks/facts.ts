// The kinds of checks that can be made by hand, with their fields, and the fact that a filled form stands for. Pure.

import type { Fact } from '@/api/types'

export type FieldKind = 'name' | 'names' | 'text' | 'sql' | 'number' | 'boolean'
export interface FactField {
  key: string
  label: string
  kind: FieldKind
  placeholder?: string
}
export interface FactForm {
  kind: Fact['kind']
  label: string
  fields: FactField[]
}

const TABLE: FactField = { key: 'table', label: 'Table', kind: 'name', placeholder: 'album or shop.album' }
const COLUMN: FactField = { key: 'column', label: 'Column', kind: 'text', placeholder: 'title' }
const COLUMNS: FactField = { key: 'columns', label: 'Columns', kind: 'names', placeholder: 'artist_id, title' }

export const FACT_FORMS: FactForm[] = [
  { kind: 'table_exists', label: 'A table exists', fields: [TABLE] },
  { kind: 'column_exists', label: 'A column exists', fields: [TABLE, COLUMN] },
  {
    kind: 'column_type',
    label: 'A column has a type',
    fields: [TABLE, COLUMN, { key: 'data_type', label: 'Type', kind: 'text', placeholder: 'character varying(160)' }],
  },
  {
    kind: 'nullability',
    label: 'A column is NOT NULL, or may be null',
    fields: [TABLE, COLUMN, { key: 'not_null', label: 'Must be NOT NULL', kind: 'boolean' }],
  },
  {
    kind: 'default',
    label: 'A column has a default',
    fields: [TABLE, COLUMN, { key: 'expression', label: 'Default', kind: 'sql', placeholder: 'now()' }],
  },
  { kind: 'primary_key', label: 'A table has a primary key', fields: [TABLE, COLUMNS] },
  { kind: 'unique', label: 'Columns are unique', fields: [TABLE, COLUMNS] },
  {
    kind: 'foreign_key',
    label: 'A foreign key',
    fields: [
      TABLE,
      COLUMNS,
      { key: 'ref_table', label: 'References', kind: 'name', placeholder: 'artist' },
      { key: 'ref_columns', label: 'Referenced columns', kind: 'names', placeholder: 'artist_id' },
    ],
  },
  {
    kind: 'check_constraint',
    label: 'A CHECK constraint',
    fields: [TABLE, { key: 'expression', label: 'Condition', kind: 'sql', placeholder: 'price > 0' }],
  },
  { kind: 'row_count', label: 'A table has so many rows', fields: [TABLE, { key: 'n_rows', label: 'Rows', kind: 'number' }] },
  { kind: 'rows', label: 'A table holds the same rows as in the example', fields: [TABLE] },
  {
    kind: 'view_rows',
    label: 'A view returns the same as in the example',
    fields: [{ key: 'view', label: 'View', kind: 'name', placeholder: 'album_length' }],
  },
  { kind: 'schema_exists', label: 'A schema exists', fields: [{ key: 'schema', label: 'Schema', kind: 'text' }] },
]

export type FactValues = Record<string, string | number | boolean>

export function objectName(text: string): { schema: string; name: string } {
  const at = text.indexOf('.')
  return at < 0
    ? { schema: 'public', name: text.trim() }
    : { schema: text.slice(0, at).trim(), name: text.slice(at + 1).trim() }
}

const names = (text: string) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

/** What is missing from a form, as a sentence; null when it is complete. */
export function factProblem(form: FactForm, values: FactValues): string | null {
  for (const field of form.fields) {
    const value = values[field.key]
    if (field.kind === 'boolean') continue
    if (value === undefined || String(value).trim() === '') return `${field.label} is missing.`
    if (field.kind === 'names' && names(String(value)).length === 0) return `${field.label} is missing.`
  }
  return null
}

/** The fact in the shape of the API: `kind` and its fields. */
export function factOf(form: FactForm, values: FactValues): Fact {
  const fact: Record<string, unknown> = { kind: form.kind }
  for (const field of form.fields) {
    const value = values[field.key]
    const text = String(value ?? '')
    fact[field.key] =
      field.kind === 'name'
        ? objectName(text)
        : field.kind === 'names'
          ? names(text)
          : field.kind === 'number'
            ? Number(text)
            : field.kind === 'boolean'
              ? value === true
              : text.trim()
  }
  if (form.kind === 'unique') fact.nulls_not_distinct = false
  if (form.kind === 'foreign_key') {
    const { table, columns, ref_table, ref_columns } = fact
    return {
      kind: form.kind,
      table,
      foreign_key: { name: '', columns, ref_table, ref_columns, on_update: 'no_action', on_delete: 'no_action' },
    } as unknown as Fact
  }
  // The fields are those that the kind has in the document; the form of each kind is tested.
  return fact as unknown as Fact
}
