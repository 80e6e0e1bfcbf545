// What one answers a task with: options to pick or tick, an editor for SQL, a line of text. Holds and sends nothing.

import { Checkbox, Radio, TextInput } from '@mantine/core'
import type { AnswerTask } from '@/api/types'
import { SqlEditor } from '@/ui/Sql'

export function AnswerFields({
  task,
  text,
  onText,
  ticked,
  onTicked,
}: {
  task: Pick<AnswerTask, 'kind' | 'is_answered' | 'options' | 'format' | 'title'>
  text: string
  onText: (text: string) => void
  ticked: string[]
  onTicked: (ticked: string[]) => void
}) {
  if (!task.is_answered) return null
  switch (task.kind) {
    case 'choice':
      return (
        <Radio.Group value={text} onChange={onText} aria-label={task.title}>
          <div className="stack">
            {task.options.map((option) => (
              <Radio key={option} value={option} label={option} />
            ))}
          </div>
        </Radio.Group>
      )
    case 'checkboxes':
      return (
        <Checkbox.Group value={ticked} onChange={onTicked} aria-label={task.title}>
          <div className="stack">
            {task.options.map((option) => (
              <Checkbox key={option} value={option} label={option} />
            ))}
          </div>
        </Checkbox.Group>
      )
    case 'query':
    case 'plan':
      return <SqlEditor label={`Your query for ${task.title}`} value={text} onChange={onText} minLines={4} />
    default:
      return (
        <TextInput
          aria-label={`Your answer to ${task.title}`}
          placeholder={task.format || (task.kind === 'flag' ? 'flag{…}' : undefined)}
          value={text}
          onChange={(event) => onText(event.currentTarget.value)}
        />
      )
  }
}
