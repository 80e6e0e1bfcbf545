// The settings of a lab as fields.

import { NumberInput, SegmentedControl, Switch, TagsInput } from '@mantine/core'
import type { LabSettings } from '@/api/types'
import classes from './SettingsForm.module.css'

export const DEFAULT_SETTINGS: LabSettings = {
  types: 'strict',
  must_change_password: false,
  show_class_progress: true,
  student_reset: true,
  grade_final_state: false,
  metrics: 'logins',
  max_connections: 10,
  statement_timeout_s: 60,
  idle_in_transaction_timeout_s: 600,
  temp_file_limit_mib: 512,
  database_quota_mib: 512,
  scram_fallback: false,
  teams: false,
  self_registration: false,
  extensions: [],
}

const METRICS_HINT = {
  logins: 'Prometheus and Grafana show students by their login',
  pseudonyms: 'By a name that only this pglab can lead back to a person',
  off: 'Only numbers of the whole class leave pglab',
}

const SWITCHES = [
  ['must_change_password', 'Initial password must be changed', 'Before anything else on the page'],
  ['show_class_progress', 'Students see the class', 'Median and how many have each task done; no names'],
  ['student_reset', 'Students may reset their database', 'After a confirmation; only you can keep a snapshot of the old one'],
  ['grade_final_state', 'Grade the final state', 'Points follow the database; otherwise what was earned once is kept'],
  ['scram_fallback', 'PostgreSQL keeps a fallback password', 'Where LDAP checks passwords: the last known one also works while LDAP is away'],
  ['teams', 'Students are in teams', 'What one earns by an answer all of the team have earned; the standings rank teams'],
  ['self_registration', 'Access codes make accounts', 'Who has a code and no account may make one; only where pglab keeps the passwords'],
] as const

const LIMITS = [
  ['max_connections', 'Connections', '', 1, 100],
  ['statement_timeout_s', 'Statement time-out', ' s', 1, 3600],
  ['idle_in_transaction_timeout_s', 'Idle in transaction', ' s', 10, 86400],
  ['temp_file_limit_mib', 'Temporary files', ' MiB', 1, 102400],
  ['database_quota_mib', 'Size of the database', ' MiB', 16, 102400],
] as const

export function SettingsForm({ value, onChange }: { value: LabSettings; onChange: (settings: LabSettings) => void }) {
  const set = <K extends keyof LabSettings>(key: K, next: LabSettings[K]) => onChange({ ...value, [key]: next })
  return (
    <div className={classes.form}>
      <div className={classes.item}>
        <div>
          <div>Types</div>
          <div className={classes.hint}>
            {value.types === 'strict'
              ? 'As declared, with length and precision'
              : 'Any type of the same family will do: integers, texts, numbers, timestamps'}
          </div>
        </div>
        <SegmentedControl
          size="xs"
          aria-label="How types are compared"
          value={value.types}
          onChange={(next) => set('types', next as LabSettings['types'])}
          data={[
            { value: 'strict', label: 'Strict' },
            { value: 'lenient', label: 'Lenient' },
          ]}
        />
      </div>
      <div className={classes.item}>
        <div>
          <div>Students in metrics</div>
          <div className={classes.hint}>{METRICS_HINT[value.metrics ?? 'logins']}</div>
        </div>
        <SegmentedControl
          size="xs"
          aria-label="By which name students appear in metrics"
          value={value.metrics ?? 'logins'}
          onChange={(next) => set('metrics', next as LabSettings['metrics'])}
          data={[
            { value: 'logins', label: 'Logins' },
            { value: 'pseudonyms', label: 'Pseudonyms' },
            { value: 'off', label: 'Off' },
          ]}
        />
      </div>
      {SWITCHES.map(([key, label, hint]) => (
        <Switch
          key={key}
          className={classes.item ?? ''}
          classNames={{ body: classes.switchBody ?? '', description: classes.hint ?? '' }}
          labelPosition="left"
          label={label}
          description={hint}
          checked={value[key]}
          onChange={(event) => set(key, event.currentTarget.checked)}
        />
      ))}
      <div className={classes.limits}>
        {LIMITS.map(([key, label, suffix, min, max]) => (
          <NumberInput
            key={key}
            label={label}
            suffix={suffix}
            min={min}
            max={max}
            value={value[key]}
            onChange={(next) => typeof next === 'number' && set(key, next)}
          />
        ))}
      </div>
      <TagsInput
        label="Extensions"
        description="Trusted ones can be created by students themselves; others must be allowed by an admin. pglab creates them in the templates."
        placeholder={value.extensions.length === 0 ? 'e.g. postgis' : ''}
        value={value.extensions}
        onChange={(next) => set('extensions', next)}
      />
    </div>
  )
}
