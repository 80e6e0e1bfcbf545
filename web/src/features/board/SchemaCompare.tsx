// What a member's database holds beside what the example holds, table by table; what is missing, extra or different
// is marked by sign and colour.

import type { SchemaSnapshot, SnapshotColumn, SnapshotTable } from '@/api/types'
import classes from './SchemaCompare.module.css'

type Mark = 'same' | 'missing' | 'extra' | 'differs'
const SIGN: Record<Mark, string> = { same: '', missing: '−', extra: '+', differs: '≠' }
const WORD: Record<Mark, string> = { same: 'as expected', missing: 'missing', extra: 'extra', differs: 'different' }

const shown = (table: { schema: string; name: string }) =>
  table.schema === 'public' ? table.name : `${table.schema}.${table.name}`

function columnText(column: SnapshotColumn): string {
  const parts = [column.type]
  if (column.not_null) parts.push('not null')
  if (column.auto_number) parts.push(column.auto_number.replaceAll('_', ' '))
  if (column.default) parts.push(`default ${column.default}`)
  if (column.generated) parts.push(`generated as ${column.generated}`)
  return parts.join(' ')
}

/** Constraints as sets of sentences, so that names do not matter. */
function facts(table: SnapshotTable | undefined): string[] {
  if (!table) return []
  return [
    ...(table.primary_key ? [`primary key (${[...table.primary_key.columns].sort().join(', ')})`] : []),
    ...(table.uniques ?? []).map((key) => `unique (${[...key.columns].sort().join(', ')})`),
    ...(table.foreign_keys ?? []).map((key) => {
      const actions = [
        key.on_update === 'no_action' ? '' : ` on update ${key.on_update.replace('_', ' ')}`,
        key.on_delete === 'no_action' ? '' : ` on delete ${key.on_delete.replace('_', ' ')}`,
      ].join('')
      return `foreign key (${key.columns.join(', ')}) → ${shown(key.ref_table)} (${key.ref_columns.join(', ')})${actions}`
    }),
    ...(table.checks ?? []).map((check) => `check (${check.expression})`),
    ...(table.indexes ?? []).map(
      (index) =>
        `${index.unique ? 'unique ' : ''}index ${index.method} (${index.keys.join(', ')})${index.predicate ? ` where ${index.predicate}` : ''}`,
    ),
    ...(table.triggers ?? []).map((trigger) => `trigger ${trigger.timing} ${trigger.events.join(' or ')}`),
  ]
}

interface Line {
  label: string
  expected: string
  found: string
  mark: Mark
}

export function compareTables(expected: SnapshotTable | undefined, found: SnapshotTable | undefined): Line[] {
  const names = [
    ...new Set([...(expected?.columns ?? []).map((c) => c.name), ...(found?.columns ?? []).map((c) => c.name)]),
  ]
  const lines: Line[] = names.map((name) => {
    const want = expected?.columns.find((column) => column.name === name)
    const have = found?.columns.find((column) => column.name === name)
    const a = want ? columnText(want) : ''
    const b = have ? columnText(have) : ''
    return { label: name, expected: a, found: b, mark: !want ? 'extra' : !have ? 'missing' : a === b ? 'same' : 'differs' }
  })
  const want = facts(expected)
  const have = facts(found)
  for (const fact of new Set([...want, ...have])) {
    const inWant = want.includes(fact)
    const inHave = have.includes(fact)
    lines.push({
      label: '',
      expected: inWant ? fact : '',
      found: inHave ? fact : '',
      mark: inWant && inHave ? 'same' : inWant ? 'missing' : 'extra',
    })
  }
  return lines
}

export function SchemaCompare({ expected, found }: { expected: SchemaSnapshot; found: SchemaSnapshot }) {
  const names = [...new Set([...expected.tables.map((t) => shown(t.name)), ...found.tables.map((t) => shown(t.name))])]
  const others = otherObjects(expected, found)
  return (
    <div className={classes.schema}>
      {names.map((name) => {
        const want = expected.tables.find((table) => shown(table.name) === name)
        const have = found.tables.find((table) => shown(table.name) === name)
        const lines = compareTables(want, have)
        const wrong = lines.filter((line) => line.mark !== 'same').length
        return (
          <details key={name} open={Boolean(have) && wrong > 0}>
            <summary>
              <code>{name}</code>
              <span className={wrong === 0 ? classes.fine : !have ? 'faint' : classes.wrong}>
                {!have ? 'not there' : !want ? 'not in the example' : wrong === 0 ? 'as expected' : `${wrong} different`}
              </span>
            </summary>
            {have && (
              <table>
                <thead>
                  <tr>
                    <th />
                    <th>Column</th>
                    <th>Expected</th>
                    <th>Found</th>
                  </tr>
                </thead>
                <tbody>
                  {lines.map((line) => (
                    <tr key={`${line.label}|${line.expected}|${line.found}`} className={classes[line.mark]}>
                      <td title={WORD[line.mark]}>
                        {SIGN[line.mark]}
                        <span className="sr-only">{WORD[line.mark]}</span>
                      </td>
                      <td>{line.label}</td>
                      <td>{line.expected}</td>
                      <td>{line.found}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </details>
        )
      })}
      {others.length > 0 && (
        <details open>
          <summary>Views, functions, types</summary>
          <table>
            <tbody>
              {others.map((line) => (
                <tr key={line.label} className={classes[line.mark]}>
                  <td>{SIGN[line.mark]}</td>
                  <td>{line.label}</td>
                  <td>{WORD[line.mark]}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </div>
  )
}

function otherObjects(expected: SchemaSnapshot, found: SchemaSnapshot): { label: string; mark: Mark }[] {
  const list = (s: SchemaSnapshot) => [
    ...s.views.map((v) => `${v.materialized ? 'materialized view' : 'view'} ${shown(v.name)}`),
    ...s.functions.map((f) => `${f.kind} ${shown(f.name)}(${f.argument_types})`),
    ...s.sequences.map((q) => `sequence ${shown(q.name)}`),
    ...s.enums.map((e) => `enum ${shown(e.name)} (${e.labels.join(', ')})`),
    ...s.domains.map((d) => `domain ${shown(d.name)} as ${d.base_type}`),
  ]
  const want = list(expected)
  const have = list(found)
  return [...new Set([...want, ...have])].map((label) => ({
    label,
    mark: want.includes(label) ? (have.includes(label) ? 'same' : 'missing') : 'extra',
  }))
}
