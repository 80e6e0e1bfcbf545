// What happened in a lab, the newest first, filtered, and live as it is written.

import { Button, Select, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { BASE, sentence } from '@/api/client'
import { type LineState, openEvents } from '@/api/events'
import { activityQuery } from '@/api/queries'
import type { ActivityEntry } from '@/api/types'
import classes from '@/features/library/Library.module.css'
import { EmptyState, Notice, Page, Section, StateWord } from '@/ui/Blocks'
import { LineMark } from '@/ui/LineMark'
import { Time } from '@/ui/Time'
import { type ActivityFilter, detail, joined, passes, SEVERITIES, spoken } from './words'

const ANY = { value: '', label: 'Any' }
const MOST_LIVE = 500
const EVENTS: ActivityEntry['event'][] = [
  'USER_REGISTERED',
  'USER_LOGGED_IN',
  'USER_ROLE_CHANGED',
  'USER_UPDATED',
  'CHALLENGE_COMPLETED',
  'CHALLENGE_STARTED',
  'CHALLENGE_INSTANCE_CREATED',
  'CHALLENGE_INSTANCE_UPDATED',
  'CHALLENGE_INSTANCE_DELETED',
  'CHALLENGE_INSTANCE_QUEUED',
  'CHALLENGE_TERMINATION_INITIATED',
  'QUESTION_ATTEMPTED',
  'QUESTION_COMPLETED',
  'GROUP_JOINED',
  'GROUP_CREATED',
  'GROUP_UPDATED',
  'GROUP_LEFT',
  'GROUP_DELETED',
  'GROUP_MEMBER_REMOVED',
  'ACCESS_CODE_GENERATED',
  'ACCESS_CODE_USED',
  'ACCESS_CODE_EXPIRED',
  'ACCESS_CODE_DELETED',
  'ACCESS_CODE_INVALID',
  'SYSTEM_WARNING',
  'SYSTEM_ERROR',
  'SECURITY_EVENT',
  'CHALLENGE_PACK_INSTALLED',
  'CHALLENGE_TYPE_INSTALLED',
  'USER_DELETED',
]

export function ActivityPage({
  slug,
  filter,
  change,
}: {
  slug: string
  filter: ActivityFilter
  change: (patch: ActivityFilter) => void
}) {
  const query = useInfiniteQuery(activityQuery(slug, filter))
  const { live, line } = useTail(slug)
  const [login, setLogin] = useState(filter.login ?? '')
  const read = query.data?.pages.flatMap((page) => page.items) ?? []
  const entries = joined(
    live.filter((entry) => passes(entry, filter)),
    read,
  )
  const chosen = filter.event || filter.severity || filter.login
  return (
    <Page>
      <Section
        title="Activity"
        lead="Who joined, started, answered and completed what, and what went wrong. It goes on by itself."
        actions={<LineMark state={line} />}
      >
        <div className={classes.filters}>
          <Select
            label="What"
            searchable
            data={[ANY, ...EVENTS.map((value) => ({ value, label: spoken(value) }))]}
            value={filter.event ?? ''}
            onChange={(value) => change({ event: value || undefined })}
            allowDeselect={false}
          />
          <Select
            label="How bad"
            data={[ANY, ...SEVERITIES.map((value) => ({ value, label: spoken(value) }))]}
            value={filter.severity ?? ''}
            onChange={(value) => change({ severity: value || undefined })}
            allowDeselect={false}
            className={classes.filter ?? ''}
          />
          <form
            onSubmit={(event) => {
              event.preventDefault()
              change({ login: login.trim() || undefined })
            }}
          >
            <TextInput
              label="Who"
              placeholder="Login, then Enter"
              value={login}
              onChange={(event) => setLogin(event.currentTarget.value)}
              onBlur={() => change({ login: login.trim() || undefined })}
            />
          </form>
          {chosen && (
            <Button
              onClick={() => {
                setLogin('')
                change({ event: undefined, severity: undefined, login: undefined })
              }}
            >
              Everything
            </Button>
          )}
        </div>
        {query.isError && <Notice tone="error">{sentence(query.error)}</Notice>}
        {query.isLoading && <p className="dim">Reading…</p>}
        {query.isSuccess && entries.length === 0 && (
          <EmptyState title={chosen ? 'Nothing like that' : 'Nothing has happened yet'}>
            <p>{chosen ? 'Choose fewer filters, or wait: what happens appears by itself.' : 'What happens appears here by itself.'}</p>
          </EmptyState>
        )}
        {entries.length > 0 && (
          <div className="table-wrap">
            <table className="table">
              <thead>
                <tr>
                  <th>When</th>
                  <th>What</th>
                  <th>Who</th>
                  <th className="wide-only">About</th>
                  <th className="wide-only">Besides</th>
                </tr>
              </thead>
              <tbody>
                {entries.map((entry) => (
                  <tr key={entry.id}>
                    <td className="dim nowrap">
                      <Time at={entry.at} />
                    </td>
                    <td>
                      {entry.severity === 'INFO' ? (
                        spoken(entry.event)
                      ) : (
                        <StateWord tone={entry.severity === 'WARNING' ? 'going' : 'bad'}>{spoken(entry.event)}</StateWord>
                      )}
                      {entry.is_reported && <span className="faint"> as a front end says</span>}
                      <div className="phone-only dim">{about(entry)}</div>
                    </td>
                    <td>{entry.login ?? <span className="faint">–</span>}</td>
                    <td className="wide-only">{about(entry)}</td>
                    <td className="wide-only dim" style={{ overflowWrap: 'anywhere' }}>
                      {detail(entry.metadata)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {query.hasNextPage && (
          <div className="row">
            <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Older
            </Button>
          </div>
        )}
      </Section>
    </Page>
  )
}

const about = (entry: ActivityEntry) => [entry.challenge, entry.task?.title].filter(Boolean).join(': ')

function useTail(slug: string): { live: ActivityEntry[]; line: LineState } {
  const [live, setLive] = useState<ActivityEntry[]>([])
  const [line, setLine] = useState<LineState>('connecting')
  useEffect(() => {
    const events = openEvents(
      `${BASE}/labs/${encodeURIComponent(slug)}/activity/events`,
      { activity: (data) => setLive((was) => [data as ActivityEntry, ...was].slice(0, MOST_LIVE)) },
      setLine,
    )
    return () => events.close()
  }, [slug])
  return { live, line }
}
