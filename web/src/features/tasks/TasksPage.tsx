// The tasks tab: what earns points, in order, each with its checks; edited in place.

import { Button, Checkbox, Modal } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useState } from 'react'
import * as calls from '@/api/calls'
import { labQuery } from '@/api/queries'
import type { Task } from '@/api/types'
import { mayManage } from '@/features/labs/may'
import { EmptyState, Page, Section } from '@/ui/Blocks'
import { plural, points } from '@/ui/format'
import { PlusIcon } from '@/ui/icons'
import { failed, told } from '@/ui/toast'
import { NewTask } from './NewTask'
import { moved } from './order'
import { TaskRow } from './TaskRow'
import classes from './Tasks.module.css'

export function TasksPage({
  slug,
  open,
  onOpen,
}: {
  slug: string
  open: string | undefined
  onOpen: (id: string | undefined) => void
}) {
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const client = useQueryClient()
  const [tasks, setTasks] = useState<Task[]>(lab.tasks)
  const [adding, setAdding] = useState(false)
  const [deriving, setDeriving] = useState(false)
  const [restore, setRestore] = useState(false)
  const [dragged, setDragged] = useState<number | null>(null)
  const [said, setSaid] = useState('')
  useEffect(() => setTasks(lab.tasks), [lab.tasks])
  const edits = mayManage(lab)

  const reread = () => client.invalidateQueries({ queryKey: ['lab', slug] })
  const reorder = (from: number, to: number) => {
    if (from === to || to < 0 || to >= tasks.length) return
    const next = moved(tasks, from, to)
    setTasks(next)
    setSaid(`${tasks[from]?.title ?? ''} is now number ${to + 1} of ${tasks.length}`)
    calls.taskOrder(slug, next.map((task) => task.id)).then(reread).catch((error: unknown) => {
      setTasks(lab.tasks)
      failed(error)
    })
  }
  const onKey = (event: KeyboardEvent, index: number) => {
    if (!edits || !event.altKey) return
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      event.preventDefault()
      reorder(index, index + (event.key === 'ArrowUp' ? -1 : 1))
    }
  }
  const derive = () =>
    calls
      .taskDerive(slug, restore)
      .then(() => {
        told('The tasks are derived from the example again.')
        setDeriving(false)
        return reread()
      })
      .catch(failed)

  if (tasks.length === 0 && !adding) {
    return (
      <Page>
        <EmptyState
          title="No tasks yet"
          actions={
            edits && (
              <>
                <Button component={Link} to="/labs/$lab/settings" params={{ lab: slug } as never} variant="filled">
                  Give the lab an example
                </Button>
                <Button onClick={() => setAdding(true)}>Add a task by hand</Button>
              </>
            )
          }
        >
          <p>
            {lab.example?.state === 'loading'
              ? 'The example is being loaded; the tasks appear when it is read.'
              : 'pglab derives them from a sample database: a task per table, view and function, with its checks.'}
          </p>
        </EmptyState>
      </Page>
    )
  }
  const nChecks = tasks.reduce((n, task) => n + task.checks.length, 0)
  return (
    <Page>
      <Section
        title={`${plural(tasks.length, 'task')}, ${plural(nChecks, 'check')}, ${points(tasks.reduce((n, t) => n + t.points, 0))} points`}
        lead="Points of a task are shared by its checks according to their weights."
        actions={
          edits && (
            <>
              <a className="link" href={calls.packSaveUrl(slug)} download>
                Save as a pack
              </a>
              {lab.example?.state === 'ready' && <Button onClick={() => setDeriving(true)}>Derive again…</Button>}
              <Button onClick={() => setAdding(true)} leftSection={<PlusIcon size={14} />}>
                Add a task
              </Button>
            </>
          )
        }
      >
        <ol className={classes.tasks}>
          {tasks.map((task, i) => (
            <li
              key={task.id}
              className={dragged !== null && dragged !== i ? classes.target : ''}
              onKeyDown={(event) => onKey(event, i)}
              onDragOver={(event) => dragged !== null && event.preventDefault()}
              onDrop={() => {
                if (dragged !== null) reorder(dragged, i)
                setDragged(null)
              }}
            >
              <TaskRow
                slug={slug}
                task={task}
                number={i + 1}
                count={tasks.length}
                edits={edits}
                open={open === task.id}
                onToggle={() => onOpen(open === task.id ? undefined : task.id)}
                onMove={(by) => reorder(i, i + by)}
                onDrag={(on) => setDragged(on ? i : null)}
                onChanged={reread}
              />
            </li>
          ))}
        </ol>
        <div className="sr-only" role="status">
          {said}
        </div>
      </Section>
      <Modal opened={adding} onClose={() => setAdding(false)} title={<b>New task</b>} size="lg">
        <NewTask
          slug={slug}
          onDone={() => {
            setAdding(false)
            void reread()
          }}
        />
      </Modal>
      <Modal opened={deriving} onClose={() => setDeriving(false)} title={<b>Derive the tasks again?</b>}>
        <div className="stack">
          <p>
            Tasks and checks are read from the example once more. What you retitled, reweighed or moved stays as it is, tasks made
            by hand stay too, and so do the points that students earned.
          </p>
          <Checkbox
            label="Bring back what was dropped"
            checked={restore}
            onChange={(event) => setRestore(event.currentTarget.checked)}
          />
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button onClick={() => setDeriving(false)}>Cancel</Button>
            <Button variant="filled" onClick={derive}>
              Derive again
            </Button>
          </div>
        </div>
      </Modal>
    </Page>
  )
}
