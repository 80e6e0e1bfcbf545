// Things to copy: a button, and a value in a box with its label and the button.

import { ActionIcon, Button, CopyButton, Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './Copy.module.css'
import { CheckIcon, CopyIcon } from './icons'

export function CopyAction({ value, label }: { value: string; label: string }) {
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `Copy ${label}`}>
          <ActionIcon onClick={copy} aria-label={copied ? 'Copied' : `Copy ${label}`} size="sm">
            {copied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  )
}

export function CopyTextButton({ value, children }: { value: string; children: ReactNode }) {
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Button onClick={copy} leftSection={copied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}>
          {copied ? 'Copied' : children}
        </Button>
      )}
    </CopyButton>
  )
}

export function CopyField({
  label,
  named = label.toLowerCase(),
  value,
  hint,
  wrap = false,
}: {
  label: string
  /** What is copied, behind “Copy”. */
  named?: string
  value: string
  hint?: ReactNode
  wrap?: boolean
}) {
  return (
    <div className={classes.field}>
      <div className={classes.label}>{label}</div>
      <div className={classes.box}>
        {/* A long line is scrolled by keys too. */}
        <code className={wrap ? classes.wrap : classes.value} tabIndex={wrap ? undefined : 0}>
          {value}
        </code>
        <CopyAction value={value} label={named} />
      </div>
      {hint && <div className={classes.hint}>{hint}</div>}
    </div>
  )
}
