// One line over time, drawn by uPlot in the colours of the page. Follows its width and the colour scheme.

import { useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { type Graph, inWords } from './series'

const HEIGHT = 160

export function Chart({ at, graph }: { at: number[]; graph: Graph }) {
  const scheme = useComputedColorScheme('light')
  const { ref: frame, width } = useElementSize()
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!place.current || width === 0) return
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    const axis: uPlot.Axis = {
      stroke: colour('--text-dim'),
      font: '11px Inter Variable, sans-serif',
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1, size: 4 },
    }
    const chart = new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.05, 1)] } },
        axes: [axis, { ...axis, size: 44 }],
        series: [
          {},
          {
            label: graph.title,
            stroke: colour('--accent'),
            width: 1.5,
            points: { show: graph.values.filter((value) => value !== null).length < 3 },
          },
        ],
      },
      [at, graph.values],
      place.current,
    )
    return () => chart.destroy()
  }, [at, graph, width, scheme])
  return (
    <figure style={{ margin: 0, minWidth: 0 }}>
      <figcaption className="dim num" style={{ marginBottom: 4 }}>
        {inWords(graph)}
      </figcaption>
      <div ref={frame}>
        <div ref={place} role="img" aria-label={inWords(graph)} style={{ minHeight: HEIGHT }} />
      </div>
    </figure>
  )
}
