// The points of the first few over time, drawn by uPlot: a line each, told apart by colour and dashes, named in a legend
// that says the same in words. Follows its width and the colour scheme.

import { useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { points } from '@/ui/format'
import type { Curves } from './curve'
import classes from './Standings.module.css'

const DASHES: number[][] = [[], [8, 4], [2, 3], [10, 3, 2, 3]]
/** Two lines of the same dashes have far colours. */
const dash = (n: number) => DASHES[n % DASHES.length] ?? []
const colourName = (n: number) => `--series-${(n % 8) + 1}`

const HOUR = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

/** Times of day; days, where the ticks are as far apart. */
function clock(moments: number[]): string[] {
  const apart = (moments[1] ?? 0) - (moments[0] ?? 0)
  const format = apart >= 80_000 ? DAY : HOUR
  return moments.map((moment) => format.format(moment * 1000))
}

export function PointsChart({ curves, large = false }: { curves: Curves; large?: boolean }) {
  const scheme = useComputedColorScheme('light')
  const { ref: frame, width } = useElementSize()
  const place = useRef<HTMLDivElement>(null)
  const [shown, setShown] = useState<string | null>(null)
  const height = large ? 360 : 220
  const chart = useRef<uPlot | null>(null)
  useEffect(() => {
    if (!place.current || width === 0) return
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    const axis: uPlot.Axis = {
      stroke: colour('--text-dim'),
      font: `${large ? 15 : 11}px Inter Variable, sans-serif`,
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1, size: 4 },
    }
    const stepped = uPlot.paths.stepped?.({ align: 1 })
    const drawn = new uPlot(
      {
        width,
        height,
        legend: { show: false },
        cursor: { show: false },
        scales: { y: { range: (_, min, max) => [Math.min(0, min), Math.max(max * 1.05, 1)] } },
        axes: [
          { ...axis, space: large ? 110 : 80, size: large ? 40 : 30, values: (_, moments) => clock(moments) },
          { ...axis, size: large ? 60 : 44 },
        ],
        series: [
          {},
          ...curves.lines.map((line, n) => ({
            label: line.name,
            stroke: colour(colourName(n)),
            width: line.own || large ? 3 : 2,
            dash: dash(n),
            alpha: shown === null || shown === line.login ? 1 : 0.18,
            points: { show: false },
            ...(stepped && { paths: stepped }),
          })),
        ],
      },
      [curves.at, ...curves.lines.map((line) => line.values)],
      place.current,
    )
    chart.current = drawn
    return () => drawn.destroy()
  }, [curves, width, height, scheme, large, shown])
  const words = `Points over time: ${curves.lines.map((line) => `${line.name} ${points(line.points)}`).join(', ')}`
  return (
    <figure className={`${classes.chart} ${large ? classes.chartLarge : ''}`}>
      <div ref={frame}>
        <div ref={place} role="img" aria-label={words} style={{ minHeight: height }} />
      </div>
      <figcaption>
        <ul className={classes.legend} aria-label="Lines of the chart">
          {curves.lines.map((line, n) => (
            <li key={line.login}>
              <button
                type="button"
                className={classes.legendItem}
                aria-pressed={shown === line.login}
                onClick={() => setShown((was) => (was === line.login ? null : line.login))}
                title={shown === line.login ? 'Show all lines' : `Only the line of ${line.name}`}
              >
                <svg width="26" height="8" aria-hidden="true">
                  <line
                    x1="0"
                    x2="26"
                    y1="4"
                    y2="4"
                    stroke={`var(${colourName(n)})`}
                    strokeWidth={line.own ? 3 : 2}
                    strokeDasharray={dash(n).join(' ')}
                  />
                </svg>
                <span className="clip">
                  {line.name}
                  {line.own && ' (you)'}
                </span>
                <span className="num dim">{points(line.points)}</span>
              </button>
            </li>
          ))}
        </ul>
      </figcaption>
    </figure>
  )
}
