// One task: its line, and when it is open its text, points and checks to edit.

import { ActionIcon, Button, NumberInput, Textarea, TextInput, Tooltip } from '@mantine/core'
import { useEffect, useState } from 'react'
import * as calls from '@/api/calls'
import type { Task } from '@/api/types'
import { plural, points } from '@/ui/format'
import { ChevronIcon, DownIcon, GripIcon, TrashIcon, UpIcon } from '@/ui/icons'
import { failed, told } from '@/ui/toast'
import { CHECK_KIND } from '@/ui/words'
import { checkPoints } from './order'
import classes from './Tasks.module.css'

export function TaskRow({
  slug,
  task,
  number,
  count,
  edits,
  open,
  onToggle,
  onMove,
  onDrag,
  onChanged,
}: {
  slug: string
  task: Task
  number: number
  count: number
  edits: boolean
  open: boolean
  onToggle: () => void
  onMove: (by: number) => void
  onDrag: (on: boolean) => void
  onChanged: () => void
}) {
  return (
    <>
      <div className={classes.line}>
        {edits && (
          <span
            className={classes.grip}
            draggable
            onDragStart={() => onDrag(true)}
            onDragEnd={() => onDrag(false)}
            title="Drag to move; or Alt and the arrow keys"
          >
            <GripIcon size={14} />
          </span>
        )}
        <button type="button" className={classes.toggle} aria-expanded={open} onClick={onToggle}>
          <span className={`${classes.number} num`}>{number}</span>
          <span className={open ? classes.turned : classes.chevron}>
            <ChevronIcon size={12} />
          </span>
          <span className={classes.title}>{task.title}</span>
        </button>
        <span className={`dim num ${classes.checksCount}`}>{plural(task.checks.length, 'check')}</span>
        <span className={`num ${classes.points}`}>
          {points(task.points)} <span className="faint">pt</span>
        </span>
        {edits && (
          <span className={classes.tools}>
            <ActionIcon size="sm" aria-label={`Move ${task.title} up`} disabled={number === 1} onClick={() => onMove(-1)}>
              <UpIcon size={13} />
            </ActionIcon>
            <ActionIcon size="sm" aria-label={`Move ${task.title} down`} disabled={number === count} onClick={() => onMove(1)}>
              <DownIcon size={13} />
            </ActionIcon>
          </span>
        )}
      </div>
      {open && <TaskEditor slug={slug} task={task} edits={edits} onChanged={onChanged} />}
    </>
  )
}

function TaskEditor({
  slug,
  task,
  edits,
  onChanged,
}: {
  slug: string
  task: Task
  edits: boolean
  onChanged: () => void
}) {
  const [title, setTitle] = useState(task.title)
  const [explanation, setExplanation] = useState(task.explanation)
  const [worth, setWorth] = useState(task.points)
  const [weights, setWeights] = useState<Record<string, number>>({})
  const [busy, setBusy] = useState(false)
  const [dropping, setDropping] = useState(false)
  useEffect(() => {
    setTitle(task.title)
    setExplanation(task.explanation)
    setWorth(task.points)
    setWeights({})
  }, [task])

  const weightOf = (id: string, weight: number) => weights[id] ?? weight
  const all = task.checks.map((check) => weightOf(check.id, check.weight))
  const changed =
    title !== task.title || explanation !== task.explanation || worth !== task.points || Object.keys(weights).length > 0

  const save = () => {
    setBusy(true)
    calls
      .taskChange(slug, task.id, {
        title,
        explanation,
        points: worth,
        checks: Object.entries(weights).map(([id, weight]) => ({ id, weight })),
      })
      .then(() => {
        told('Saved.')
        onChanged()
      })
      .catch(failed)
      .finally(() => setBusy(false))
  }
  return (
    <div className={classes.editor}>
      {edits ? (
        <div className={classes.fields}>
          <TextInput label="Title" value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
          <NumberInput
            label="Points"
            min={0}
            max={10000}
            value={worth}
            onChange={(next) => typeof next === 'number' && setWorth(next)}
          />
          <Textarea
            className={classes.wide ?? ''}
            label="Explanation"
            description="Students read it on their page"
            autosize
            minRows={2}
            value={explanation}
            onChange={(event) => setExplanation(event.currentTarget.value)}
          />
        </div>
      ) : (
        task.explanation && <p className="dim">{task.explanation}</p>
      )}
      <div className="table-wrap">
        <table className="table">
          <thead>
            <tr>
              <th>Check</th>
              <th>Kind</th>
              <th className="right">Weight</th>
              <th className="right">Points</th>
              {edits && <th aria-label="Remove" />}
            </tr>
          </thead>
          <tbody>
            {task.checks.map((check) => (
              <tr key={check.id}>
                <td>
                  <Tooltip label={check.explanation} disabled={!check.explanation} maw={360}>
                    <span>{check.title}</span>
                  </Tooltip>
                </td>
                <td className="faint nowrap">{CHECK_KIND[check.kind] ?? check.kind}</td>
                <td className="right" style={{ width: 90 }}>
                  {edits ? (
                    <NumberInput
                      size="xs"
                      aria-label={`Weight of ${check.title}`}
                      min={1}
                      max={1000}
                      value={weightOf(check.id, check.weight)}
                      onChange={(next) =>
                        typeof next === 'number' && setWeights((was) => ({ ...was, [check.id]: next }))
                      }
                    />
                  ) : (
                    <span className="num">{check.weight}</span>
                  )}
                </td>
                <td className="right num dim">{points(checkPoints(worth, weightOf(check.id, check.weight), all))}</td>
                {edits && (
                  <td className="right" style={{ width: 30 }}>
                    <ActionIcon
                      size="sm"
                      aria-label={`Remove the check ${check.title}`}
                      disabled={task.checks.length === 1}
                      onClick={() => calls.checkDelete(slug, task.id, check.id).then(onChanged).catch(failed)}
                    >
                      <TrashIcon size={13} />
                    </ActionIcon>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {edits && (
        <div className="row">
          <Button variant="filled" disabled={!changed || title.trim() === ''} loading={busy} onClick={save}>
            Save
          </Button>
          {dropping ? (
            <>
              <span>
                Drop “{task.title}” with {plural(task.checks.length, 'check')} and the points students have for it?
              </span>
              <Button
                variant="filled"
                color="orange.9"
                onClick={() => calls.taskDelete(slug, task.id).then(onChanged).catch(failed)}
              >
                Drop the task
              </Button>
              <Button onClick={() => setDropping(false)}>Keep it</Button>
            </>
          ) : (
            <Button variant="subtle" color="gray" onClick={() => setDropping(true)}>
              Drop this task…
            </Button>
          )}
        </div>
      )}
    </div>
  )
}
