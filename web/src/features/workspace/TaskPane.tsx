// The tasks beside the console, as they turn, each with its question where it has one.

import type { MyPage } from '@/api/types'
import { OwnTasks } from '@/features/student/OwnTasks'
import { Bar } from '@/ui/Blocks'
import { points } from '@/ui/format'

export function TaskPane({ slug, page }: { slug: string; page: MyPage }) {
  const { member } = page
  const done = member.tasks.filter((task) => task.state === 'done').length
  return (
    <div className="stack">
      <div className="stack-tight" data-testid="workspace-progress">
        <span className="num">
          <b>{points(member.score)}</b> of {points(member.max_score)} points{' '}
          <span className="dim">
            · {done} of {member.tasks.length} tasks done
          </span>
        </span>
        <Bar value={member.score} of={member.max_score} label="Your points" tone="done" />
      </div>
      <OwnTasks slug={slug} page={page} />
    </div>
  )
}
