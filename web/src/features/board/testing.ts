// Boards and members for tests.

import type { Board, BoardMember, TaskState } from '@/api/types'

export function aMember(login: string, more: Partial<BoardMember> = {}, states: TaskState[] = ['not_started']): BoardMember {
  return {
    login,
    name: login,
    score: 0,
    now: 0,
    max_score: 10,
    state: 'idle',
    activity: { connections: 0, state: 'none' },
    hand: null,
    need: { rank: 1, score: 0, reasons: [] },
    n_errors_recent: 0,
    instance_state: 'active',
    tasks: states.map((state, i) => ({ id: `t${i}`, title: `Table t${i}`, score: 0, now: 0, max_score: 10, state, stale: false })),
    ...more,
  }
}

export function aBoard(members: BoardMember[], sequence = 1): Board {
  return {
    lab: 'lab',
    title: 'Lab',
    state: 'open',
    at: '2026-01-01T00:00:00Z',
    sequence,
    tasks: (members[0]?.tasks ?? []).map((task) => ({ id: task.id, title: task.title, points: 10 })),
    class: { n_members: members.length, n_connected: 0, pace: { median_score: 0, median_tasks_done: 0 }, per_task: [] },
    shared_errors: [],
    members,
  }
}
