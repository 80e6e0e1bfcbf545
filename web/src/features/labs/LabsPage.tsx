// All labs that one may see.

import { Button } from '@mantine/core'
import { useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { labsQuery, sessionQuery } from '@/api/queries'
import { EmptyState, Page, PageHead } from '@/ui/Blocks'
import { Time } from '@/ui/Time'
import { LabStateWord } from './LabStateWord'

export function LabsPage() {
  const { data: labs } = useSuspenseQuery(labsQuery)
  const { data: session } = useSuspenseQuery(sessionQuery)
  const mayCreate = session.may?.includes('lab_create') ?? false
  const create = (
    <Button component={Link} to="/labs/new" variant="filled">
      New lab
    </Button>
  )
  if (labs.items.length === 0) {
    return (
      <Page>
        <PageHead title="Labs" />
        {mayCreate ? (
          <EmptyState title="Make the first lab" actions={create}>
            <p>A lab needs two things that you probably have:</p>
            <p>
              <b>A sample database</b> — a dump file, plain SQL or pg_dump’s custom format, or the URI of a live one. pglab reads
              it and makes a task of each table, view and function.
            </p>
            <p>
              <b>A roster</b> — a CSV from Moodle or Canvas, or a list of logins. Each student gets an account and a database of
              their own.
            </p>
          </EmptyState>
        ) : (
          <EmptyState title="You are in no lab yet">
            <p>Your instructor adds you by the roster of a lab; it appears here then. Did you sign in with the right login?</p>
            <p>
              With an access code you <Link to="/join">join by yourself</Link>.
            </p>
          </EmptyState>
        )}
      </Page>
    )
  }
  return (
    <Page>
      <PageHead title="Labs">{mayCreate && create}</PageHead>
      <div className="table-wrap">
        <table className="table">
          <thead>
            <tr>
              <th>Title</th>
              <th>State</th>
              <th className="right">Members</th>
              <th className="wide-only">Your role</th>
              <th className="wide-only">Made</th>
            </tr>
          </thead>
          <tbody>
            {labs.items.map((lab) => (
              <tr key={lab.slug}>
                <td>
                  <Link
                    to={lab.role === 'student' ? '/labs/$lab/me' : '/labs/$lab'}
                    params={{ lab: lab.slug }}
                    className="link"
                  >
                    <b>{lab.title}</b>
                  </Link>
                  <div className="faint">
                    <code>{lab.slug}</code>
                  </div>
                </td>
                <td>
                  <LabStateWord state={lab.state} />
                </td>
                <td className="right num">{lab.n_members}</td>
                <td className="dim wide-only">{lab.role}</td>
                <td className="dim wide-only">
                  <Time at={lab.created_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Page>
  )
}
