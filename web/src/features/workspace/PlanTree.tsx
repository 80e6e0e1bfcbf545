// A plan of PostgreSQL's as a tree that can be read: steps indented under what needs them, the share of each in the
// whole, and where the guess was far off.

import { points } from '@/ui/format'
import type { Plan, PlanNode } from './plan'
import classes from './PlanTree.module.css'
import { took } from './session'

export function PlanTree({ plan }: { plan: Plan }) {
  return (
    <div className={classes.plan}>
      <p className="dim num">
        {plan.analyzed ? (
          <>
            It ran for <b>{took(plan.executionMs ?? 0)}</b>
            {plan.planningMs !== null && <> after planning for {took(plan.planningMs)}</>}. Bars are the share of the time.
          </>
        ) : (
          <>
            Not run: these are guesses. Estimated cost <b>{points(plan.cost)}</b>; bars are the share of it.
          </>
        )}
      </p>
      <div className={classes.scroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th>Step</th>
              <th className={classes.right}>{plan.analyzed ? 'Own time' : 'Own cost'}</th>
              <th className={classes.right}>Rows{plan.analyzed && <span className="faint"> (guess)</span>}</th>
            </tr>
          </thead>
          <tbody>
            {plan.nodes.map((node, i) => (
              <Line key={i} node={node} analyzed={plan.analyzed} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

function Line({ node, analyzed }: { node: PlanNode; analyzed: boolean }) {
  return (
    <tr className={node.neverRun ? classes.never : undefined}>
      <td>
        <div className={classes.step} style={{ paddingLeft: `${node.depth * 18}px` }}>
          <div>
            {node.depth > 0 && (
              <span className={classes.elbow} aria-hidden="true">
                └
              </span>
            )}
            <b>{node.title}</b> {node.on && <code>{node.on}</code>}
            {node.loops > 1 && <span className="dim"> {points(node.loops)} times</span>}
            {node.neverRun && <span className="dim"> never run</span>}
          </div>
          {node.details.map((detail) => (
            <div key={detail} className={classes.detail}>
              {detail}
            </div>
          ))}
          {node.removedRows > 0 && <div className={classes.detail}>threw away {points(node.removedRows)} rows each time</div>}
          {node.misjudged !== null && (
            <div className={classes.misjudged}>
              ▲ the guess was off by a factor of {points(node.misjudged)}: ANALYZE the table, or the condition is hard to guess
            </div>
          )}
        </div>
      </td>
      <td className={classes.right}>
        <span className="nowrap num">{analyzed ? took(node.own) : points(node.own)}</span>
        <div className={classes.bar} aria-hidden="true">
          <div
            className={node.share >= 0.5 ? classes.heavy : undefined}
            style={{ width: `${Math.round(node.share * 100)}%` }}
          />
        </div>
      </td>
      <td className={`${classes.right} num`}>
        {analyzed && node.rows !== null ? (
          <>
            {points(node.rows)} <span className="faint">({points(node.estimatedRows)})</span>
          </>
        ) : (
          points(node.estimatedRows)
        )}
      </td>
    </tr>
  )
}
