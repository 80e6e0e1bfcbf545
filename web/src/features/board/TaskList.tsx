// One member's tasks with what each check said: expected and found, in sentences. For the drawer and for the
// student's own page.

import { type ReactNode, useState } from 'react'
import type { BoardTaskCell, Verdict } from '@/api/types'
import { points } from '@/ui/format'
import { TaskGlyph, VerdictGlyph } from '@/ui/Glyphs'
import { ChevronIcon } from '@/ui/icons'
import { Time } from '@/ui/Time'
import { TASK_STATE, VERDICT } from '@/ui/words'
import classes from './TaskList.module.css'

const ORDER: Record<Verdict['state'], number> = { failed: 0, error: 1, not_yet: 2, passed: 3 }

export function TaskList({
  tasks,
  doneBy,
  nMembers,
  openFirst = true,
  groupOf,
  questionOf,
}: {
  tasks: BoardTaskCell[]
  doneBy?: Map<string, number> | undefined
  nMembers?: number | undefined
  openFirst?: boolean
  /** Under this heading, where tasks come in groups. */
  groupOf?: ((task: BoardTaskCell) => string | undefined) | undefined
  /** What is asked and the form to answer, of a task that is not only a state of the database. */
  questionOf?: ((task: BoardTaskCell) => ReactNode) | undefined
}) {
  const first = tasks.find((task) => task.state === 'broken_again' || task.state === 'partly' || task.state === 'working')
  const [toggled, setToggled] = useState<Record<string, boolean>>({})
  return (
    <ul className={classes.tasks}>
      {tasks.map((task, at) => {
        const before = tasks[at - 1]
        const group = groupOf?.(task)
        const begins = group !== undefined && (!before || groupOf?.(before) !== group)
        const open = toggled[task.id] ?? (openFirst && task.id === first?.id)
        const n = doneBy?.get(task.id)
        return (
          <li key={task.id} data-state={task.state}>
            {begins && <h3 className={classes.group}>{group}</h3>}
            <button
              type="button"
              className={classes.head}
              aria-expanded={open}
              onClick={() => setToggled((was) => ({ ...was, [task.id]: !open }))}
            >
              <TaskGlyph state={task.state} share={task.max_score > 0 ? task.now / task.max_score : 0} />
              <span className={classes.title}>
                {task.title}
                <span className="sr-only">: {TASK_STATE[task.state]}</span>
              </span>
              {task.state === 'broken_again' && <span className={classes.broken}>was done, is broken</span>}
              {n !== undefined && nMembers !== undefined && (
                <span className={`${classes.others} num`} title={`${n} of ${nMembers} have it done`}>
                  {n}/{nMembers}
                </span>
              )}
              <span className={`${classes.points} num`}>
                {points(task.score)}
                <span className="faint"> / {points(task.max_score)}</span>
              </span>
              <span className={open ? classes.turned : classes.chevron}>
                <ChevronIcon size={13} />
              </span>
            </button>
            {open && <TaskBody task={task} question={questionOf?.(task)} />}
          </li>
        )
      })}
    </ul>
  )
}

function TaskBody({ task, question }: { task: BoardTaskCell; question?: ReactNode }) {
  const verdicts = [...(task.verdicts ?? [])].sort((a, b) => ORDER[a.state] - ORDER[b.state])
  const passed = verdicts.filter((verdict) => verdict.state === 'passed')
  const open = verdicts.filter((verdict) => verdict.state !== 'passed')
  return (
    <div className={classes.body}>
      {question}
      {task.explanation && !question && <p className="dim">{task.explanation}</p>}
      {task.completed_at && (
        <p className="dim">
          Done <Time at={task.completed_at} />; the points stay{task.now < task.score ? ', although it has changed since' : ''}.
        </p>
      )}
      {verdicts.length === 0 && !question && <p className="faint">Not checked yet. The next check comes by itself.</p>}
      <ul className={classes.verdicts}>
        {open.map((verdict) => (
          <li key={verdict.check}>
            <VerdictGlyph state={verdict.state} />
            <div>
              <div className={classes.verdictTitle}>
                {verdict.title ?? verdict.expected}
                <span className="sr-only">: {VERDICT[verdict.state]}</span>
              </div>
              {verdict.state !== 'not_yet' && (
                <dl className={classes.pair}>
                  {verdict.title && verdict.title !== verdict.expected && (
                    <>
                      <dt>Expected</dt>
                      <dd>{verdict.expected}</dd>
                    </>
                  )}
                  <dt>{verdict.state === 'error' ? 'PostgreSQL' : 'Found'}</dt>
                  <dd>{verdict.found}</dd>
                </dl>
              )}
              {verdict.explanation && verdict.state === 'failed' && <p className={classes.why}>{verdict.explanation}</p>}
            </div>
          </li>
        ))}
        {passed.length > 0 && (
          <li className={classes.passed}>
            <VerdictGlyph state="passed" />
            <div className="dim">
              <details>
                <summary>
                  {passed.length === verdicts.length ? `All ${passed.length}` : passed.length}{' '}
                  {passed.length === 1 ? 'check passes' : 'checks pass'}
                </summary>
                <ul className={classes.passedList}>
                  {passed.map((verdict) => (
                    <li key={verdict.check}>{verdict.title ?? verdict.expected}</li>
                  ))}
                </ul>
              </details>
            </div>
          </li>
        )}
      </ul>
    </div>
  )
}
