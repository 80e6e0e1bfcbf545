// What was answered in a lab, for its staff: the latest first, filtered, with the answer as it was sent, what was said of it
// and whose flag it was.

import { Button, Select, TextInput } from '@mantine/core'
import { useInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Fragment, useState } from 'react'
import { sentence } from '@/api/client'
import { attemptsQuery, labQuery } from '@/api/queries'
import type { AnswerAttempt } from '@/api/types'
import { EmptyState, Notice, Page, Section, StateWord } from '@/ui/Blocks'
import { plural } from '@/ui/format'
import { Sql } from '@/ui/Sql'
import { Time } from '@/ui/Time'
import { isSql, outcomes, shown } from './attempts'
import classes from './Standings.module.css'

const TONE: Record<string, 'good' | 'bad' | 'quiet' | 'going'> = { right: 'good', wrong: 'bad', unfit: 'quiet', judging: 'going' }
const WORD: Record<string, string> = { right: 'right', wrong: 'wrong', unfit: 'not counted', judging: 'being judged' }

export interface AttemptsSearch {
  task?: string | undefined
  login?: string | undefined
  /** An outcome, or `foreign` for flags of others. */
  outcome?: string | undefined
}

export function AttemptsPage({
  slug,
  search,
  change,
}: {
  slug: string
  search: AttemptsSearch
  change: (patch: AttemptsSearch) => void
}) {
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const query = useInfiniteQuery(
    attemptsQuery(slug, { ...(search.task && { task: search.task }), ...(search.login && { login: search.login }) }),
  )
  const [login, setLogin] = useState(search.login ?? '')
  const [open, setOpen] = useState<string | null>(null)
  const read = query.data?.pages.flatMap((page) => page.items) ?? []
  const attempts = outcomes(read, search.outcome)
  const filtered = search.task || search.login || search.outcome
  const tasks = lab.tasks.filter((task) => task.key.startsWith('pack:'))
  return (
    <Page>
      <Section
        title="Attempts"
        lead="Every answer that was sent, the latest first. A line shows the whole answer and what was said of it."
        actions={
          <>
            <Link
              to="/labs/$lab/rejudging"
              params={{ lab: slug }}
              search={search.task ? { task: search.task } : {}}
              className="link"
            >
              Judge anew
            </Link>
            <Link to="/labs/$lab/similarity" params={{ lab: slug }} className="link">
              Alike
            </Link>
            <Link to="/labs/$lab/standings" params={{ lab: slug }} className="link">
              Standings
            </Link>
          </>
        }
      >
        <div className={classes.filters}>
          <Select
            label="Task"
            searchable
            data={[{ value: '', label: 'Any' }, ...tasks.map((task) => ({ value: task.id, label: task.title }))]}
            value={search.task ?? ''}
            onChange={(value) => change({ task: value || undefined })}
            allowDeselect={false}
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
          <Select
            label="Verdict"
            data={[
              { value: '', label: 'Any' },
              ...Object.entries(WORD).map(([value, label]) => ({ value, label })),
              { value: 'foreign', label: 'somebody else’s flag' },
            ]}
            value={search.outcome ?? ''}
            onChange={(value) => change({ outcome: value || undefined })}
            allowDeselect={false}
          />
          {filtered && (
            <Button
              onClick={() => {
                setLogin('')
                change({ task: undefined, login: undefined, outcome: undefined })
              }}
            >
              All
            </Button>
          )}
        </div>
        {query.isError && <Notice tone="error">{sentence(query.error)}</Notice>}
        {query.isLoading && <p className="dim">Reading…</p>}
        {query.isSuccess && attempts.length === 0 && (
          <EmptyState title={filtered ? 'No such attempt' : 'Nobody has answered anything yet'}>
            <p>{filtered ? 'Choose fewer filters.' : 'Answers to the tasks of challenges appear here as they come.'}</p>
          </EmptyState>
        )}
        {attempts.length > 0 && (
          <div className="table-wrap">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Who</th>
                  <th scope="col">Task</th>
                  <th scope="col">Verdict</th>
                  <th scope="col" className="wide-only">
                    Answer
                  </th>
                </tr>
              </thead>
              <tbody>
                {attempts.map((attempt) => (
                  <Fragment key={attempt.id}>
                    <tr>
                      <td className="dim nowrap">
                        <Time at={attempt.at} />
                      </td>
                      <td>
                        <Link to="/labs/$lab/members/$login" params={{ lab: slug, login: attempt.login }} className="link">
                          {attempt.login}
                        </Link>
                      </td>
                      <td>
                        <button
                          type="button"
                          className={classes.plain}
                          aria-expanded={open === attempt.id}
                          onClick={() => setOpen(open === attempt.id ? null : attempt.id)}
                        >
                          {attempt.title}
                        </button>
                      </td>
                      <td>
                        <StateWord tone={TONE[attempt.outcome] ?? 'quiet'}>{WORD[attempt.outcome] ?? attempt.outcome}</StateWord>
                        {attempt.flag_of && <span className={classes.foreign}> the flag of {attempt.flag_of}</span>}
                      </td>
                      <td className="wide-only">
                        <div className={classes.answer}>{shown(attempt.answer).replaceAll(/\s+/g, ' ')}</div>
                      </td>
                    </tr>
                    {open === attempt.id && (
                      <tr>
                        <td colSpan={5}>
                          <Whole attempt={attempt} />
                        </td>
                      </tr>
                    )}
                  </Fragment>
                ))}
              </tbody>
            </table>
          </div>
        )}
        <div className="row">
          {query.hasNextPage && (
            <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Older
            </Button>
          )}
          {search.outcome && query.hasNextPage && (
            <span className="dim num">{plural(read.length, 'attempt')} looked through so far.</span>
          )}
        </div>
      </Section>
    </Page>
  )
}

function Whole({ attempt }: { attempt: AnswerAttempt }) {
  const answer = shown(attempt.answer)
  return (
    <div className="stack-tight">
      {attempt.message && <p>{attempt.message}</p>}
      {isSql(attempt.answer) ? <Sql text={answer} /> : <pre className={classes.whole}>{answer}</pre>}
    </div>
  )
}
