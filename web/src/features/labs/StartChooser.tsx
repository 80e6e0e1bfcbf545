// What a student's database holds at the beginning.

import { Button, Checkbox, Radio, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { exampleSchemaQuery } from '@/api/queries'
import type { Start } from '@/api/types'
import { type ExampleChoice, ExampleChooser } from '@/features/example/ExampleChooser'
import classes from './StartChooser.module.css'

export type StartKind = 'empty' | 'schema' | 'tables' | 'dump'
export const startKind = (start: Start): StartKind =>
  typeof start === 'string' ? start : 'tables' in start ? 'tables' : 'dump'

export function StartChooser({
  slug,
  ready,
  start,
  onChange,
  dump,
  onDump,
}: {
  slug: string
  /** The example is loaded, so that its tables can be listed. */
  ready: boolean
  start: Start
  onChange: (start: Start) => void
  dump: ExampleChoice
  onDump: (choice: ExampleChoice) => void
}) {
  const kind = startKind(start)
  const schema = useQuery({ ...exampleSchemaQuery(slug), enabled: ready && slug !== '' })
  const names = (schema.data?.tables ?? []).map((table) =>
    table.name.schema === 'public' ? table.name.name : `${table.name.schema}.${table.name.name}`,
  )
  const chosen = typeof start === 'object' && 'tables' in start ? start.tables : []
  return (
    <Radio.Group
      value={kind}
      onChange={(next) =>
        onChange(
          next === 'tables' ? { tables: [] } : next === 'dump' ? { dump: dump?.kind === 'file' ? dump.file.name : '' } : (next as Start),
        )
      }
      aria-label="Start"
    >
      <Stack gap={8}>
        <Radio value="empty" label="Empty" description="They build everything themselves" />
        <Radio value="schema" label="The example’s schema" description="All tables, views and functions, without rows" />
        <Radio value="tables" label="Some of its tables" description="With their rows; the rest is to be built" />
        {kind === 'tables' && (
          <div className={classes.inset}>
            {!ready ? (
              <p className="dim">The tables can be chosen once the example is loaded.</p>
            ) : (
              <>
                <div className="row">
                  <Button size="compact-xs" onClick={() => onChange({ tables: names })}>
                    All
                  </Button>
                  <Button size="compact-xs" onClick={() => onChange({ tables: [] })}>
                    None
                  </Button>
                </div>
                <Checkbox.Group value={chosen} onChange={(tables) => onChange({ tables })}>
                  <div className={classes.tables}>
                    {names.map((name) => (
                      <Checkbox key={name} value={name} label={<code>{name}</code>} />
                    ))}
                  </div>
                </Checkbox.Group>
              </>
            )}
          </div>
        )}
        <Radio value="dump" label="Another dump" description="Loaded beside the example, for what can’t be taken from it" />
        {kind === 'dump' && (
          <div className={classes.inset}>
            {typeof start === 'object' && 'dump' in start && start.dump && !dump && (
              <p>
                Now: <code>{start.dump}</code>
              </p>
            )}
            <ExampleChooser
              onlyFile
              label="Dump to start from"
              value={dump}
              onChange={(choice) => {
                onDump(choice)
                if (choice?.kind === 'file') onChange({ dump: choice.file.name })
              }}
            />
          </div>
        )}
      </Stack>
    </Radio.Group>
  )
}
