// A pack on its way in: dropped or picked, sent, looked at by the server, its mistakes with file and JSON path or what it
// changes, and only then installed.

import { Button, FileButton } from '@mantine/core'
import { type DragEvent, useRef, useState } from 'react'
import * as calls from '@/api/calls'
import { ApiError, sentence } from '@/api/client'
import type { Pack, PackCheck, PackDiff } from '@/api/types'
import classes from '@/features/library/Library.module.css'
import { Bar, Notice } from '@/ui/Blocks'
import { bytes } from '@/ui/format'
import { told } from '@/ui/toast'
import { isDowngrade, sentencesOf } from './diff'

type Stage =
  | { kind: 'none' }
  | { kind: 'sending'; file: File; done: number; total: number }
  | { kind: 'refused'; file: File; error: unknown }
  | { kind: 'read'; file: File; check: PackCheck; busy: boolean; error: unknown }

export function PackUpload({ installed, onDone }: { installed: readonly Pack[]; onDone: () => void }) {
  const [stage, setStage] = useState<Stage>({ kind: 'none' })
  const [over, setOver] = useState(false)
  const stop = useRef<AbortController | null>(null)
  const look = (file: File | null | undefined) => {
    if (!file) return
    stop.current?.abort()
    const controller = new AbortController()
    stop.current = controller
    setStage({ kind: 'sending', file, done: 0, total: file.size })
    calls
      .packCheck(file, (done, total) => setStage({ kind: 'sending', file, done, total }), controller.signal)
      .then((check) => setStage({ kind: 'read', file, check, busy: false, error: null }))
      .catch((error: unknown) => {
        if (error instanceof DOMException && error.name === 'AbortError') setStage({ kind: 'none' })
        else setStage({ kind: 'refused', file, error })
      })
  }
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    look(event.dataTransfer.files[0])
  }
  const apply = (read: Extract<Stage, { kind: 'read' }>, downgrade: boolean) => {
    setStage({ ...read, busy: true, error: null })
    const ignore = () => undefined
    const sent = read.check.diff
      ? calls.packUpdate(read.file, downgrade, ignore)
      : calls.packInstall(read.file, ignore)
    sent
      .then(({ pack }) => {
        told(`${pack.name} ${pack.version} is installed.`)
        setStage({ kind: 'none' })
        onDone()
      })
      .catch((error: unknown) => setStage({ ...read, busy: false, error }))
  }
  return (
    <div className="stack">
      <div
        className={`${classes.drop} ${over ? classes.over : ''}`}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <FileButton onChange={look} accept=".zip,application/zip">
          {(props) => (
            <Button {...props} disabled={stage.kind === 'sending'}>
              Choose a pack…
            </Button>
          )}
        </FileButton>
        <span className="dim">or drop its zip here. It is looked at first; nothing is installed before you say so.</span>
      </div>
      {stage.kind === 'sending' && (
        <div className="stack-tight" role="status">
          <div className="row-between">
            <span>
              {stage.done < stage.total ? 'Sending' : 'Being read:'} {stage.file.name}{' '}
              <span className="dim num">
                {bytes(stage.done)} of {bytes(stage.total)}
              </span>
            </span>
            <Button size="compact-xs" onClick={() => stop.current?.abort()}>
              Stop
            </Button>
          </div>
          <Bar value={stage.done} of={stage.done < stage.total ? stage.total : 0} label={`Upload of ${stage.file.name}`} />
        </div>
      )}
      {stage.kind === 'refused' && (
        <Notice tone="error" title={sentence(stage.error)}>
          <Problems error={stage.error} />
          <p className="dim">{stage.file.name}; nothing was installed.</p>
        </Notice>
      )}
      {stage.kind === 'read' && (
        <Read
          stage={stage}
          installed={installed.find((pack) => pack.id === stage.check.id)}
          onApply={(downgrade) => apply(stage, downgrade)}
          onCancel={() => setStage({ kind: 'none' })}
        />
      )}
    </div>
  )
}

function Problems({ error }: { error: unknown }) {
  const fields = error instanceof ApiError ? (error.problem.fields ?? []) : []
  if (fields.length === 0) return null
  return (
    <ul className={classes.problems}>
      {fields.map((each) => (
        <li key={`${each.path}${each.message}`}>
          <code>{each.path}</code>: {each.message}
        </li>
      ))}
    </ul>
  )
}

function Read({
  stage,
  installed,
  onApply,
  onCancel,
}: {
  stage: Extract<Stage, { kind: 'read' }>
  installed: Pack | undefined
  onApply: (downgrade: boolean) => void
  onCancel: () => void
}) {
  const { check } = stage
  const downgrade = check.diff ? isDowngrade(check.diff) : false
  return (
    <Notice tone={downgrade ? 'warning' : 'info'} title={`${check.name} ${check.version}`}>
      <div className="stack">
        {check.diff ? (
          <>
            <p>
              {downgrade ? 'An older version than' : 'Takes the place of'} {check.diff.old_version}
              {installed && installed.labs.length > 0 && <>, also in the labs {installed.labs.join(', ')}</>}. What people earned
              stays.
            </p>
            <Diff diff={check.diff} />
          </>
        ) : (
          <p>It is not installed yet.</p>
        )}
        {check.warnings.length > 0 && (
          <>
            <p>Worth a look:</p>
            <ul className={classes.problems}>
              {check.warnings.map((each) => (
                <li key={`${each.file}${each.path}${each.error}`}>
                  <code>{[each.file, each.path].filter(Boolean).join(': ')}</code>: {each.error}
                </li>
              ))}
            </ul>
          </>
        )}
        {stage.error !== null && (
          <div role="alert">
            <b>{sentence(stage.error)}</b>
            <Problems error={stage.error} />
          </div>
        )}
        <div className="row">
          <Button variant="filled" loading={stage.busy} onClick={() => onApply(downgrade)}>
            {!check.diff ? `Install ${check.version}` : downgrade ? `Go back to ${check.version}` : `Update to ${check.version}`}
          </Button>
          <Button onClick={onCancel}>Leave it</Button>
        </div>
      </div>
    </Notice>
  )
}

function Diff({ diff }: { diff: PackDiff }) {
  const lines = sentencesOf(diff)
  if (lines.length === 0) return <p className="dim">Nothing differs but the version.</p>
  return (
    <dl className={classes.diff}>
      {lines.map(([what, which]) => (
        <div key={what + which} style={{ display: 'contents' }}>
          <dt>{what}</dt>
          <dd>{which}</dd>
        </div>
      ))}
    </dl>
  )
}
