// Rows of a result: only those in view are drawn, so that ten thousand scroll like ten. The arithmetic is in grid.ts.

import { useLayoutEffect, useRef, useState } from 'react'
import type { ConsoleColumn } from '@/api/types'
import { CopyAction } from '@/ui/Copy'
import { columnWidths, ROW_PX, rowsInView, shownCell } from './grid'
import classes from './ResultGrid.module.css'
import type { Cell } from './session'

export function ResultGrid({ columns, rows, n }: { columns: ConsoleColumn[]; rows: Cell[][]; n: number }) {
  const host = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ scrolled: 0, height: 400 })
  const [chosen, setChosen] = useState<{ row: number; column: number } | null>(null)
  useLayoutEffect(() => {
    const element = host.current
    if (!element) return
    const measure = () => setView((was) => ({ ...was, height: element.clientHeight }))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const widths = columnWidths(
    columns.map((column) => column.name),
    rows,
  )
  const digits = String(n).length
  const template = `${digits + 2}ch ${widths.map((width) => `${width + 3}ch`).join(' ')}`
  const { from, to } = rowsInView(view.scrolled, view.height - ROW_PX, n)
  const cell = chosen ? rows[chosen.row]?.[chosen.column] : undefined

  const move = (row: number, column: number) => {
    const next = {
      row: Math.max(0, Math.min(n - 1, row)),
      column: Math.max(0, Math.min(columns.length - 1, column)),
    }
    setChosen(next)
  }
  // Also when the value below takes room from the rows.
  useLayoutEffect(() => {
    const element = host.current
    if (!element || !chosen) return
    const top = chosen.row * ROW_PX
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + 2 * ROW_PX > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + 2 * ROW_PX - element.clientHeight
    }
  }, [chosen, view.height])
  return (
    <div className={classes.wrap}>
      <div
        ref={host}
        className={classes.grid}
        role="grid"
        aria-label="Rows"
        aria-rowcount={n + 1}
        aria-colcount={columns.length}
        tabIndex={0}
        onScroll={(event) => {
          const { scrollTop } = event.currentTarget
          setView((was) => ({ ...was, scrolled: scrollTop }))
        }}
        onKeyDown={(event) => {
          const at = chosen ?? { row: from, column: 0 }
          const page = Math.max(1, Math.floor(view.height / ROW_PX) - 2)
          const steps: Record<string, [number, number]> = {
            ArrowDown: [1, 0],
            ArrowUp: [-1, 0],
            ArrowRight: [0, 1],
            ArrowLeft: [0, -1],
            PageDown: [page, 0],
            PageUp: [-page, 0],
            Home: [-n, 0],
            End: [n, 0],
          }
          const step = steps[event.key]
          if (!step || event.ctrlKey || event.metaKey || event.altKey) return
          event.preventDefault()
          move(at.row + step[0], at.column + step[1])
        }}
      >
        <div className={classes.inner} style={{ height: (n + 1) * ROW_PX }}>
          <div className={classes.headRow} role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
            <span role="columnheader" className={classes.number} aria-label="Number" />
            {columns.map((column, i) => (
              <span
                key={i}
                role="columnheader"
                className={column.is_number ? classes.right : undefined}
                title={`${column.name} (${column.type})`}
              >
                {column.name}
              </span>
            ))}
          </div>
          {rows.slice(from, Math.min(to, n)).map((row, i) => {
            const at = from + i
            return (
              <div
                key={at}
                role="row"
                aria-rowindex={at + 2}
                className={classes.row}
                style={{ gridTemplateColumns: template, transform: `translateY(${at * ROW_PX}px)` }}
              >
                <span role="rowheader" className={classes.number}>
                  {at + 1}
                </span>
                {row.map((value, j) => (
                  <span
                    key={j}
                    role="gridcell"
                    aria-selected={chosen?.row === at && chosen.column === j}
                    className={columns[j]?.is_number ? classes.right : undefined}
                    onClick={() => setChosen({ row: at, column: j })}
                  >
                    {value === null ? <i className={classes.null}>NULL</i> : shownCell(value)}
                  </span>
                ))}
              </div>
            )
          })}
        </div>
      </div>
      {chosen && cell !== undefined && (
        <div className={classes.value}>
          <span className={classes.valueHead}>
            <b>{columns[chosen.column]?.name}</b>
            <span className="faint"> {columns[chosen.column]?.type} · row {chosen.row + 1}</span>
            <span className="spacer" />
            {cell !== null && <CopyAction value={cell} label="the value" />}
          </span>
          <pre>{cell === null ? 'NULL' : cell}</pre>
        </div>
      )}
    </div>
  )
}
