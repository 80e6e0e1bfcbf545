// The matrix of who has which task done, drawn as a strip per member under a strip of how many have each: narrow enough for
// fifty tasks. What a strip shows is said in words beside it or in its label.

import type { Standings } from '@/api/types'
import { plural, points } from '@/ui/format'
import { exact } from '@/ui/Time'
import type { StandingsRow } from './curve'
import classes from './Standings.module.css'

type Tasks = Standings['tasks']
export type Solvers = Map<string, { n: number; first: string }>

/** How wide a column is, by how many there are. */
export const step = (n: number, large: boolean) => (large ? (n > 24 ? 12 : 18) : n > 24 ? 8 : 12)

/** A mark for each task: full where it is done, with a rim where this member was the first. */
export function Solved({
  tasks,
  row,
  solvers,
  large = false,
  fluid = false,
}: {
  tasks: Tasks
  row: StandingsRow
  solvers: Solvers
  large?: boolean
  fluid?: boolean
}) {
  const done = new Map(row.done.map((each) => [each.task, each]))
  const width = step(tasks.length, large)
  const height = large ? 18 : 12
  const first = tasks.filter((task) => solvers.get(task.id)?.first === row.login).length
  const label = `${plural(done.size, 'task')} of ${tasks.length} done${first > 0 ? `, ${first} before everybody else` : ''}`
  return (
    <svg
      width={tasks.length * width}
      height={height}
      viewBox={`0 0 ${tasks.length * width} ${height}`}
      {...(fluid && { preserveAspectRatio: 'xMinYMid meet' })}
      role="img"
      aria-label={label}
      className={classes.solved}
    >
      {tasks.map((task, at) => {
        const has = done.get(task.id)
        const rim = has && solvers.get(task.id)?.first === row.login
        return (
          <rect
            key={task.id}
            x={at * width + 1}
            y="2"
            width={width - 3}
            height={height - 4}
            rx="1"
            className={rim ? classes.first : has ? classes.full : classes.none}
          >
            <title>{has ? `${task.title}: ${points(has.points)} points, ${exact(has.at)}` : `${task.title}: not done`}</title>
          </rect>
        )
      })}
    </svg>
  )
}

/** How many have each task done, as columns over the strips. */
export function SolvedBy({ tasks, solvers, of, large = false }: { tasks: Tasks; solvers: Solvers; of: number; large?: boolean }) {
  const width = step(tasks.length, large)
  const height = large ? 28 : 22
  const hardest = tasks.filter((task) => !solvers.has(task.id)).length
  return (
    <svg
      width={tasks.length * width}
      height={height}
      role="img"
      aria-label={`How many have each of the ${plural(tasks.length, 'task')} done; ${hardest === 0 ? 'each is done by somebody' : `nobody has ${hardest} of them`}`}
      className={classes.solved}
    >
      <line x1="0" x2={tasks.length * width} y1={height - 0.5} y2={height - 0.5} className={classes.ground} />
      {tasks.map((task, at) => {
        const n = solvers.get(task.id)?.n ?? 0
        const tall = of > 0 && n > 0 ? Math.max(2, ((height - 2) * n) / of) : 0
        return (
          <g key={task.id}>
            <rect x={at * width + 1} y={height - 1 - tall} width={width - 3} height={tall} className={classes.share} />
            <rect x={at * width} y="0" width={width} height={height} fill="transparent">
              <title>{`${task.title}, ${points(task.points)} points: ${n} of ${of} have it`}</title>
            </rect>
          </g>
        )
      })}
    </svg>
  )
}

export function SolvedKey() {
  return (
    <p className={classes.key}>
      <Mark className={classes.full} /> done
      <Mark className={classes.first} /> done before everybody else
      <Mark className={classes.none} /> not done
    </p>
  )
}

function Mark({ className }: { className: string | undefined }) {
  return (
    <svg width="12" height="12" aria-hidden="true">
      <rect x="1" y="2" width="9" height="8" rx="1" className={className} />
    </svg>
  )
}
