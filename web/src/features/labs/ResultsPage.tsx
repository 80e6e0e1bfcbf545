// The results: who earned what, and the files that other systems read.

import { Button, Menu } from '@mantine/core'
import { useSuspenseQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { resultsUrl } from '@/api/calls'
import { resultsQuery } from '@/api/queries'
import { EmptyState, Page, Section } from '@/ui/Blocks'
import { percent, points } from '@/ui/format'
import { DownloadIcon } from '@/ui/icons'

const FORMATS = [
  ['csv', 'CSV', 'One row per student and task'],
  ['json', 'JSON', 'The same for programs'],
  ['canvas', 'Canvas', 'Gradebook import'],
  ['moodle', 'Moodle', 'Grade import'],
] as const

export type ResultSort = 'name' | 'points'

export function ResultsPage({
  slug,
  sort,
  onSort,
}: {
  slug: string
  sort: ResultSort
  onSort: (sort: ResultSort) => void
}) {
  const { data: results } = useSuspenseQuery(resultsQuery(slug))
  const students = useMemo(() => {
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name, undefined, { numeric: true })
    return [...results.students].sort((a, b) => (sort === 'points' ? b.score - a.score || byName(a, b) : byName(a, b)))
  }, [results, sort])
  const seated = students.some((student) => student.section)
  return (
    <Page>
      <Section
        title="Results"
        lead="Points that were earned and are kept; or what the databases hold now, where the settings say so."
        actions={
          <Menu position="bottom-end" width={240}>
            <Menu.Target>
              <Button leftSection={<DownloadIcon size={14} />}>Download</Button>
            </Menu.Target>
            <Menu.Dropdown>
              {FORMATS.map(([format, label, hint]) => (
                <Menu.Item
                  key={format}
                  component="a"
                  href={resultsUrl(slug, format)}
                  download={`${slug}-${format}.${format === 'json' ? 'json' : 'csv'}`}
                >
                  {label} <span className="faint">· {hint}</span>
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        }
      >
        {students.length === 0 ? (
          <EmptyState title="No results yet">
            <p>They appear as soon as there are students and tasks.</p>
          </EmptyState>
        ) : (
          <div className="table-wrap">
            <table className="table">
              <thead>
                <tr>
                  <SortHead on={sort === 'name'} onClick={() => onSort('name')}>
                    Student
                  </SortHead>
                  <th className="wide-only">Login</th>
                  {seated && <th>Section</th>}
                  <SortHead on={sort === 'points'} onClick={() => onSort('points')} right>
                    Points
                  </SortHead>
                  <th className="right wide-only">Share</th>
                  <th className="right">Tasks done</th>
                </tr>
              </thead>
              <tbody>
                {students.map((student) => (
                  <tr key={student.login}>
                    <td>{student.name}</td>
                    <td className="dim wide-only">
                      <code>{student.login}</code>
                    </td>
                    {seated && <td className="dim">{student.section}</td>}
                    <td className="right num nowrap">
                      <b>{points(student.score)}</b> <span className="faint">/ {points(results.max_score)}</span>
                    </td>
                    <td className="right num wide-only">{percent(student.score, results.max_score)} %</td>
                    <td className="right num">{student.tasks.filter((task) => task.completed_at).length}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Section>
    </Page>
  )
}

function SortHead({
  on,
  onClick,
  right = false,
  children,
}: {
  on: boolean
  onClick: () => void
  right?: boolean
  children: string
}) {
  return (
    <th className={right ? 'right' : ''} aria-sort={on ? (right ? 'descending' : 'ascending') : 'none'}>
      <button
        type="button"
        onClick={onClick}
        style={{ all: 'unset', cursor: 'pointer', color: on ? 'var(--text)' : undefined }}
      >
        {children} {on ? (right ? '↓' : '↑') : ''}
      </button>
    </th>
  )
}
