// The tasks beside the console, as they turn, and below them a place for the form of a task that is answered.

import type { ReactNode } from 'react'
import type { MyPage } from '@/api/types'
import { TaskList } from '@/features/board/TaskList'
import { Bar } from '@/ui/Blocks'
import { points } from '@/ui/format'

/** `answer` is shown above the list: the form of the task that is being answered, whoever decides which that is. */
export function TaskPane({ page, answer }: { page: MyPage; answer?: ReactNode }) {
  const { member } = page
  const done = member.tasks.filter((task) => task.state === 'done').length
  return (
    <div className="stack">
      {answer}
      <div className="stack-tight" data-testid="workspace-progress">
        <span className="num">
          <b>{points(member.score)}</b> of {points(member.max_score)} points{' '}
          <span className="dim">
            · {done} of {member.tasks.length} tasks done
          </span>
        </span>
        <Bar value={member.score} of={member.max_score} label="Your points" tone="done" />
      </div>
      <TaskList tasks={member.tasks} />
    </div>
  )
}
