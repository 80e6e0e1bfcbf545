// The tables and how they refer to each other, drawn. Where each stands is decided in diagram.ts.

import { useState } from 'react'
import { type Catalog, columnMarks, tableName } from './catalog'
import { BOX, layOut } from './diagram'
import classes from './DiagramView.module.css'

export function DiagramView({ catalog }: { catalog: Catalog | null }) {
  const [near, setNear] = useState<string | null>(null)
  if (!catalog || catalog.tables.every((table) => table.kind !== 'table')) {
    return <p className={`dim ${classes.nothing}`}>No tables yet; the diagram draws itself as you make them.</p>
  }
  const diagram = layOut(catalog)
  const touches = (line: { from: string; to: string }) => near !== null && (line.from === near || line.to === near)
  return (
    // Scrolled by keys too.
    <div className={classes.scroll} tabIndex={0} role="region" aria-label="Diagram of the tables">
      <svg
        width={diagram.width}
        height={diagram.height}
        viewBox={`0 0 ${diagram.width} ${diagram.height}`}
        role="img"
        aria-label={`${diagram.boxes.length} tables, ${diagram.lines.length} references between them`}
      >
        <defs>
          <marker id="pglab-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
            <path d="M0 0 8 4 0 8Z" fill="context-stroke" />
          </marker>
        </defs>
        {diagram.lines.map((line) => (
          <path
            key={line.key}
            d={line.path}
            className={touches(line) ? classes.lineNear : classes.line}
            markerEnd="url(#pglab-arrow)"
          />
        ))}
        {diagram.boxes.map((box) => (
          <g
            key={box.key}
            transform={`translate(${box.x} ${box.y})`}
            onPointerEnter={() => setNear(box.key)}
            onPointerLeave={() => setNear(null)}
          >
            <rect className={classes.box} width={BOX.width} height={box.height} rx="6" />
            <text className={classes.title} x="10" y="18">
              {cut(tableName(catalog, box.table), 26)}
            </text>
            <line className={classes.rule} x1="0" x2={BOX.width} y1={BOX.head} y2={BOX.head} />
            {box.table.columns.map((column, i) => {
              const marks = columnMarks(box.table, column.name)
              const y = BOX.head + i * BOX.row + 14
              return (
                <g key={column.name}>
                  <text className={marks.primary ? classes.primary : classes.column} x="10" y={y}>
                    {cut(column.name, 17)}
                  </text>
                  <text className={classes.type} x={BOX.width - 10} y={y} textAnchor="end">
                    {marks.primary ? 'PK ' : ''}
                    {marks.references ? 'FK ' : ''}
                    {cut(short(column.type), 13)}
                  </text>
                </g>
              )
            })}
          </g>
        ))}
      </svg>
    </div>
  )
}

function cut(text: string, n: number): string {
  return text.length > n ? `${text.slice(0, n - 1)}…` : text
}

/** As people write types. */
function short(type: string): string {
  return type
    .replace('character varying', 'varchar')
    .replace('character(', 'char(')
    .replace('timestamp without time zone', 'timestamp')
    .replace('timestamp with time zone', 'timestamptz')
}
