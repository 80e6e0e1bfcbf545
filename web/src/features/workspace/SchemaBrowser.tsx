// The tables, views and functions of the database, with columns and keys; a click writes a name into the editor.

import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { points } from '@/ui/format'
import { ChevronIcon, SearchIcon } from '@/ui/icons'
import { type Catalog, type CatalogTable, columnMarks, ident, tableName } from './catalog'
import classes from './SchemaBrowser.module.css'

export function SchemaBrowser({
  catalog,
  onInsert,
  onSelect,
}: {
  catalog: Catalog | null
  onInsert: (text: string) => void
  /** Shows the first rows of a table. */
  onSelect: (table: string) => void
}) {
  const [query, setQuery] = useState('')
  const [open, setOpen] = useState<Record<string, boolean>>({})
  if (!catalog) return <p className="dim">The tables appear here as soon as the console is connected.</p>
  const wanted = query.trim().toLowerCase()
  const tables = catalog.tables.filter(
    (table) =>
      wanted === '' ||
      table.name.toLowerCase().includes(wanted) ||
      table.columns.some((column) => column.name.toLowerCase().includes(wanted)),
  )
  if (catalog.tables.length === 0) {
    return (
      <p className="dim">
        No tables yet. <code>CREATE TABLE</code> makes one, and it appears here by itself.
      </p>
    )
  }
  return (
    <div className={classes.browser}>
      <TextInput
        size="xs"
        aria-label="Find a table or column"
        placeholder="Find a table or column"
        leftSection={<SearchIcon size={13} />}
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
      <ul className={classes.tables}>
        {tables.map((table) => {
          const key = `${table.schema}.${table.name}`
          const shown = open[key] ?? (wanted !== '' && tables.length <= 5)
          return (
            <li key={key}>
              <div className={classes.head}>
                <button
                  type="button"
                  className={classes.name}
                  aria-expanded={shown}
                  onClick={() => setOpen((was) => ({ ...was, [key]: !shown }))}
                >
                  <span className={shown ? classes.turned : classes.chevron}>
                    <ChevronIcon size={12} />
                  </span>
                  <span className="clip">{tableName(catalog, table)}</span>
                  <span className="faint num nowrap">
                    {table.kind === 'table' ? (table.estimate === null ? '' : points(table.estimate)) : table.kind}
                  </span>
                </button>
                <button
                  type="button"
                  className={classes.act}
                  onClick={() => onSelect(tableName(catalog, table))}
                  aria-label={`Show rows of ${table.name}`}
                >
                  rows
                </button>
              </div>
              {shown && <Columns table={table} onInsert={onInsert} />}
            </li>
          )
        })}
      </ul>
      {wanted === '' && catalog.functions.length > 0 && (
        <details>
          <summary>{catalog.functions.length === 1 ? '1 function' : `${catalog.functions.length} functions`}</summary>
          <ul className={classes.functions}>
            {catalog.functions.map((each) => (
              <li key={`${each.schema}.${each.name}(${each.arguments})`}>
                <button type="button" className={classes.column} onClick={() => onInsert(`${ident(each.name)}(`)}>
                  <code>
                    {each.name}({each.arguments})
                  </code>
                  <span className="faint"> {each.result}</span>
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}

function Columns({ table, onInsert }: { table: CatalogTable; onInsert: (text: string) => void }) {
  return (
    <ul className={classes.columns}>
      {table.comment && <li className="dim">{table.comment}</li>}
      {table.columns.map((column) => {
        const marks = columnMarks(table, column.name)
        return (
          <li key={column.name}>
            <button
              type="button"
              className={classes.column}
              title={column.default ? `Default: ${column.default}` : 'Write its name into the editor'}
              onClick={() => onInsert(ident(column.name))}
            >
              <span className={marks.primary ? classes.primary : undefined}>{column.name}</span>
              <span className={classes.type}>
                {column.type}
                {!column.not_null && <span title="May be NULL">?</span>}
              </span>
              {marks.primary && <span className={classes.key}>PK</span>}
              {marks.unique && !marks.primary && <span className={classes.key}>UQ</span>}
              {marks.references && <span className={classes.key}>→ {marks.references}</span>}
            </button>
          </li>
        )
      })}
    </ul>
  )
}
