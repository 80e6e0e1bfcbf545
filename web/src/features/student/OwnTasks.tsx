// A student's own tasks with, for those of challenges, what is asked, a form to answer, the verdict explained, hints at
// their price. Where queries are tried out is the workspace; here they are handed in.

import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { answerTasksQuery, myPageQuery } from '@/api/queries'
import type { AnswerTask, Answered, MyPage } from '@/api/types'
import { TaskList } from '@/features/board/TaskList'
import { Notice, StateWord } from '@/ui/Blocks'
import { plural, points } from '@/ui/format'
import { told } from '@/ui/toast'
import { AnswerFields } from './AnswerFields'
import classes from './OwnTasks.module.css'

/** A student's own tasks: one list, whatever their kind. */
export function OwnTasks({ slug, page, doneBy }: { slug: string; page: MyPage; doneBy?: Map<string, number> | undefined }) {
  const questions = new Map((useQuery(answerTasksQuery(slug)).data?.items ?? []).map((each) => [each.id, each]))
  const { tasks } = page.member
  const open = page.lab.state === 'open'
  return (
    <TaskList
      tasks={tasks}
      doneBy={doneBy}
      nMembers={page.class?.n_members}
      groupOf={(task) => questions.get(task.id)?.challenge}
      questionOf={(task) => {
        const question = questions.get(task.id)
        return question && <Question slug={slug} task={question} open={open} />
      }}
    />
  )
}

/** A `trial` is of the staff: hints are for students, who pay for them. */
export function Question({
  slug,
  task,
  open,
  trial = false,
}: {
  slug: string
  task: AnswerTask
  open: boolean
  trial?: boolean
}) {
  const left = task.attempts == null ? undefined : Math.max(0, task.attempts - task.n_attempts)
  return (
    <div className={classes.body}>
      <p className={classes.text}>{task.text}</p>
      {task.done_at ? (
        task.explanation && <p className="dim">{task.explanation}</p>
      ) : (
        <>
          <Form slug={slug} task={task} open={open && left !== 0} />
          {left !== undefined && <p className="dim num">{plural(left, 'attempt')} left.</p>}
          {!trial && <Hints slug={slug} task={task} open={open} />}
        </>
      )}
    </div>
  )
}

function Form({ slug, task, open }: { slug: string; task: AnswerTask; open: boolean }) {
  const client = useQueryClient()
  const [text, setText] = useState('')
  const [ticked, setTicked] = useState<string[]>([])
  const [busy, setBusy] = useState(false)
  const [answered, setAnswered] = useState<Answered | null>(null)
  const [refused, setRefused] = useState('')
  if (task.kind === 'state') {
    return <p className="dim">Nothing to send: it turns by itself when your database is as it should be.</p>
  }
  const send = (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setRefused('')
    const answer = !task.is_answered ? null : task.kind === 'checkboxes' ? ticked : text
    calls
      .answerSubmit(slug, task.id, answer)
      .then((said) => {
        setAnswered(said)
        if (said.right && !said.trial) told(said.earned == null ? 'Right.' : `Right: ${points(said.earned)} points.`)
        if (said.trial) return
        void client.invalidateQueries({ queryKey: answerTasksQuery(slug).queryKey })
        void client.invalidateQueries({ queryKey: myPageQuery(slug).queryKey })
      })
      .catch((error: unknown) => setRefused(sentence(error)))
      .finally(() => setBusy(false))
  }
  const empty = task.is_answered && (task.kind === 'checkboxes' ? ticked.length === 0 : text.trim() === '')
  return (
    <form className="stack" onSubmit={send}>
      <AnswerFields task={task} text={text} onText={setText} ticked={ticked} onTicked={setTicked} />
      <div className="row">
        <Button type="submit" variant="filled" loading={busy} disabled={!open || empty}>
          {task.is_answered ? 'Answer' : 'Look at my database'}
        </Button>
        {!open && <span className="dim">No answers are taken now.</span>}
      </div>
      <div aria-live="polite">
        {refused && <Notice tone="warning">{refused}</Notice>}
        {answered && <Said answered={answered} />}
      </div>
    </form>
  )
}

/** What was said of an answer: the sentence, what differs, each part, where PostgreSQL met an error. */
export function Said({ answered }: { answered: Answered }) {
  const { rows, parts, error, contract } = answered.verdict
  return (
    <Notice tone={answered.right ? 'done' : 'warning'} title={answered.message}>
      {answered.explanation && <p>{answered.explanation}</p>}
      {error && (
        <p>
          SQLSTATE {error.sqlstate}
          {error.position != null && `, at character ${error.position}`}
          {error.hint && <>. {error.hint}</>}
        </p>
      )}
      {rows && (
        <>
          <Rows caption="Missing in your result" columns={rows.columns} rows={rows.missing} />
          <Rows caption="Too much in your result" columns={rows.columns} rows={rows.extra} />
        </>
      )}
      {parts.length > 0 && (
        <ul className={classes.parts}>
          {parts.map((part) => (
            <li key={part.title}>
              <StateWord tone={part.passed ? 'good' : 'bad'}>{part.title}</StateWord>
              {!part.passed && (
                <span className="dim">
                  {part.expected !== part.title && <>expected {part.expected}, </>}found {part.found}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {contract && !answered.right && <p className="dim">Compared: {contract}.</p>}
    </Notice>
  )
}

function Rows({ caption, columns, rows }: { caption: string; columns: string[]; rows: (string | null)[][] }) {
  if (rows.length === 0) return null
  return (
    <div className={classes.rows}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column, at) => (
              <th key={`${at}${column}`} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, nth) => (
            <tr key={nth}>
              {row.map((cell, at) => (
                <td key={at}>{cell ?? <span className="dim">NULL</span>}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Hints({ slug, task, open }: { slug: string; task: AnswerTask; open: boolean }) {
  const client = useQueryClient()
  const [refused, setRefused] = useState('')
  const next = task.hints.length
  const price = task.hint_prices[next]
  if (task.hint_prices.length === 0) return null
  const take = () => {
    setRefused('')
    calls
      .hintTake(slug, task.id, next)
      .then(() => client.invalidateQueries({ queryKey: answerTasksQuery(slug).queryKey }))
      .catch((error: unknown) => setRefused(sentence(error)))
  }
  return (
    <div className="stack">
      {task.hints.map((hint) => (
        <p key={hint.number} className={classes.hint}>
          <b>Hint {hint.number + 1}.</b> {hint.text}
          {hint.price > 0 && <span className="dim"> (−{points(hint.price)} points)</span>}
        </p>
      ))}
      {price !== undefined && (
        <div className="row">
          <Button size="compact-sm" onClick={take} disabled={!open}>
            {price > 0 ? `Take a hint for ${points(price)} points` : 'Take a hint'}
          </Button>
        </div>
      )}
      {refused && <Notice tone="warning">{refused}</Notice>}
    </div>
  )
}
