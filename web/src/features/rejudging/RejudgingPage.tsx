// Judging the answers of a task anew after its author mended it: a preview of who would gain and lose, applied as one change,
// and undone. Past rejudgings stay to be seen.

import { Button, Modal, Select } from '@mantine/core'
import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { labQuery, rejudgingsQuery } from '@/api/queries'
import type { Rejudging } from '@/api/types'
import { mayManage } from '@/features/labs/may'
import { EmptyState, Fact, Facts, Notice, Page, Section, StateWord } from '@/ui/Blocks'
import { plural } from '@/ui/format'
import { Time } from '@/ui/Time'
import { failed, told } from '@/ui/toast'
import { byLoss, change, difference } from './words'

export function RejudgingPage({
  slug,
  task,
  onTask,
}: {
  slug: string
  task: string | undefined
  onTask: (task: string | undefined) => void
}) {
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const tasks = lab.tasks.filter((each) => each.key.startsWith('pack:'))
  return (
    <Page>
      <Section
        title="Judge anew"
        lead="When a task was mended by an update of its pack: who would gain and who would lose is shown before anything changes. Points keep the time of the answer that earned them."
        actions={
          <Link to="/labs/$lab/attempts" params={{ lab: slug }} className="link">
            Attempts
          </Link>
        }
      >
        {tasks.length === 0 ? (
          <EmptyState title="No task of this lab is answered" />
        ) : (
          <div>
            <Select
              label="Task"
              placeholder="Choose a task"
              searchable
              data={tasks.map((each) => ({ value: each.id, label: each.title }))}
              value={task ?? null}
              onChange={(value) => onTask(value ?? undefined)}
              maw={420}
            />
          </div>
        )}
      </Section>
      {task && tasks.some((each) => each.id === task) && <OfTask key={task} slug={slug} task={task} edits={mayManage(lab)} />}
    </Page>
  )
}

function OfTask({ slug, task, edits }: { slug: string; task: string; edits: boolean }) {
  const query = useQuery(rejudgingsQuery(slug, task))
  const client = useQueryClient()
  const [busy, setBusy] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const all = query.data?.items ?? []
  const preview = all.find((each) => each.state === 'preview')
  const past = all.filter((each) => each.state !== 'preview')
  const act = (name: string, work: Promise<Rejudging>, said: string) => {
    setBusy(name)
    setError(null)
    work
      .then(() => {
        if (said) told(said)
        return Promise.all([
          client.invalidateQueries({ queryKey: rejudgingsQuery(slug, task).queryKey }),
          client.invalidateQueries({ queryKey: ['lab', slug, 'attempts'] }),
        ])
      })
      .catch((problem: unknown) => (name === 'preview' ? failed(problem) : setError(problem)))
      .finally(() => setBusy(null))
  }
  return (
    <>
      <Section
        title="Preview"
        lead={preview ? undefined : 'All answers that were sent are judged by the task as it is now. Nothing changes yet.'}
        actions={
          edits && (
            <Button
              variant={preview ? 'default' : 'filled'}
              loading={busy === 'preview'}
              onClick={() => act('preview', calls.rejudgingPreview(slug, task), '')}
            >
              {preview ? 'Judge once more' : 'Judge all answers'}
            </Button>
          )
        }
      >
        {query.isError && <Notice tone="error">{sentence(query.error)}</Notice>}
        {error !== null && <Notice tone="error">{sentence(error)}</Notice>}
        {preview && (
          <>
            <Found made={preview} />
            {edits && preview.members.length + preview.attempts.length > 0 && (
              <div className="row">
                <Button
                  variant="filled"
                  loading={busy === 'apply'}
                  onClick={() => act('apply', calls.rejudgingApply(slug, task, preview.id), 'It is applied; the standings follow.')}
                >
                  Apply: {preview.n_gain} gain, {preview.n_lose} lose
                </Button>
                <span className="dim">It can be undone.</span>
              </div>
            )}
          </>
        )}
      </Section>
      {past.length > 0 && (
        <Section title="Before">
          {past.map((made) => (
            <Past
              key={made.id}
              made={made}
              busy={busy === made.id}
              onUndo={edits ? () => act(made.id, calls.rejudgingUndo(slug, task, made.id), 'Undone: verdicts and points are as before.') : null}
            />
          ))}
        </Section>
      )}
    </>
  )
}

function Found({ made }: { made: Rejudging }) {
  return (
    <div className="stack">
      <Facts>
        <Fact label="Answers judged">{made.n_attempts - made.n_left}</Fact>
        <Fact label="Said otherwise now">{made.attempts.length}</Fact>
        <Fact label="Gain">{plural(made.n_gain, 'member')}</Fact>
        <Fact label="Lose">{plural(made.n_lose, 'member')}</Fact>
        <Fact label="Made">
          <Time at={made.made_at} />
        </Fact>
      </Facts>
      {made.n_left > 0 && (
        <Notice tone="warning">
          {plural(made.n_left, 'answer')} could not be judged and stay as they are: the databases of who sent them are not there
          now.
        </Notice>
      )}
      {made.as_of_now && (
        <Notice tone="info">Nothing is sent for this kind of task: databases were looked at as they are now.</Notice>
      )}
      {made.members.length === 0 && made.attempts.length === 0 && <p>Nothing would change.</p>}
      {made.members.length > 0 && (
        <div className="table-wrap">
          <table className="table">
            <thead>
              <tr>
                <th>Member</th>
                <th>What changes</th>
                <th className="right">Points</th>
                <th className="wide-only">Done</th>
              </tr>
            </thead>
            <tbody>
              {byLoss(made.members).map((member) => {
                const by = difference(member)
                return (
                  <tr key={member.login}>
                    <td>{member.login}</td>
                    <td>
                      <StateWord tone={by > 0 ? 'good' : by < 0 ? 'bad' : 'quiet'}>
                        {by > 0 ? 'gains' : by < 0 ? 'loses' : 'same points'}
                      </StateWord>
                      {member.n_counted !== 0 && (
                        <span className="dim num">
                          {' '}
                          {plural(Math.abs(member.n_counted), 'attempt')} {member.n_counted > 0 ? 'more' : 'fewer'}
                        </span>
                      )}
                    </td>
                    <td className="right num nowrap">{change(member)}</td>
                    <td className="wide-only dim">{member.done_after ? <Time at={member.done_after} /> : '–'}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
      {made.attempts.length > 0 && (
        <details>
          <summary className="dim">{plural(made.attempts.length, 'answer')} of which something else is said</summary>
          <div className="table-wrap">
            <table className="table">
              <thead>
                <tr>
                  <th>When</th>
                  <th>Who</th>
                  <th>Verdict</th>
                  <th className="wide-only">What is said now</th>
                </tr>
              </thead>
              <tbody>
                {made.attempts.map((attempt) => (
                  <tr key={attempt.id}>
                    <td className="dim nowrap">
                      <Time at={attempt.at} />
                    </td>
                    <td>{attempt.login}</td>
                    <td className="nowrap">
                      {attempt.before} → <b>{attempt.after}</b>
                    </td>
                    <td className="wide-only dim">{attempt.message}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </div>
  )
}

function Past({ made, busy, onUndo }: { made: Rejudging; busy: boolean; onUndo: (() => void) | null }) {
  const [asking, setAsking] = useState(false)
  return (
    <details>
      <summary>
        <StateWord tone={made.state === 'applied' ? 'good' : 'quiet'}>{made.state === 'applied' ? 'applied' : 'undone'}</StateWord>{' '}
        <Time at={made.state === 'applied' ? made.applied_at : made.undone_at} />
        {made.made_by && <span className="dim"> by {made.made_by}</span>}
        <span className="dim num">
          {' '}
          · {made.n_gain} gained, {made.n_lose} lost
        </span>
      </summary>
      <div className="stack" style={{ padding: '10px 0 16px' }}>
        <Found made={made} />
        {made.state === 'applied' && onUndo && (
          <div className="row">
            <Button loading={busy} onClick={() => setAsking(true)}>
              Undo…
            </Button>
          </div>
        )}
      </div>
      <Modal opened={asking} onClose={() => setAsking(false)} title={<b>Undo this rejudging?</b>}>
        <div className="stack">
          <p>
            {plural(made.n_gain, 'member')} who gained lose it again, {plural(made.n_lose, 'member')} who lost get it back:
            verdicts, completions and points are put back as they were.
          </p>
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button onClick={() => setAsking(false)}>Cancel</Button>
            <Button
              variant="filled"
              onClick={() => {
                setAsking(false)
                onUndo?.()
              }}
            >
              Undo it
            </Button>
          </div>
        </div>
      </Modal>
    </details>
  )
}
