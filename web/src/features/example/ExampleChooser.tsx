// Choosing the example: a dump dropped or picked, or the URI of a live database.

import { Button, FileButton, SegmentedControl, TextInput } from '@mantine/core'
import { type DragEvent, useState } from 'react'
import { bytes } from '@/ui/format'
import { UploadIcon } from '@/ui/icons'
import classes from './Example.module.css'

export type ExampleChoice = { kind: 'file'; file: File } | { kind: 'uri'; uri: string } | null

export function ExampleChooser({
  value,
  onChange,
  onlyFile = false,
  label = 'The sample database',
}: {
  value: ExampleChoice
  onChange: (choice: ExampleChoice) => void
  onlyFile?: boolean
  label?: string
}) {
  const [kind, setKind] = useState<'file' | 'uri'>(value?.kind ?? 'file')
  const [over, setOver] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    const file = event.dataTransfer.files[0]
    if (file) onChange({ kind: 'file', file })
  }
  return (
    <div className="stack">
      {!onlyFile && (
        <div>
          <SegmentedControl
            size="xs"
            aria-label={label}
            value={kind}
            onChange={(next) => {
              setKind(next as 'file' | 'uri')
              onChange(null)
            }}
            data={[
              { value: 'file', label: 'Dump file' },
              { value: 'uri', label: 'Live database' },
            ]}
          />
        </div>
      )}
      {kind === 'file' ? (
        <div
          className={`${classes.drop} ${over ? classes.over : ''}`}
          onDragOver={(event) => {
            event.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          {value?.kind === 'file' ? (
            <span>
              <b>{value.file.name}</b> <span className="dim num">{bytes(value.file.size)}</span>
            </span>
          ) : (
            <span className="dim">Drop a dump here: plain SQL, pg_dump’s custom format, either gzipped</span>
          )}
          <FileButton onChange={(file) => file && onChange({ kind: 'file', file })} inputProps={{ 'aria-label': label }}>
            {(props) => (
              <Button {...props} leftSection={<UploadIcon size={14} />}>
                {value?.kind === 'file' ? 'Another file' : 'Choose a file'}
              </Button>
            )}
          </FileButton>
        </div>
      ) : (
        <TextInput
          label="URI"
          placeholder="postgresql://reader@db.example.org/shop"
          description="It is read, never written. The role needs to read its tables; nothing is kept of the password after loading."
          value={value?.kind === 'uri' ? value.uri : ''}
          onChange={(event) => onChange({ kind: 'uri', uri: event.currentTarget.value })}
          classNames={{ input: 'mono' }}
          spellCheck={false}
        />
      )}
    </div>
  )
}
