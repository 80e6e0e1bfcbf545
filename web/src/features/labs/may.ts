// What the server lets this person do with a lab, asked by meaning.

import type { Lab } from '@/api/types'

const any = (lab: Pick<Lab, 'may'>, ...words: string[]) => words.some((word) => lab.may.includes(word))

/** Change definition, tasks, roster and settings. */
export const mayManage = (lab: Pick<Lab, 'may'>) => any(lab, 'edit')
export const mayCredentials = (lab: Pick<Lab, 'may'>) => any(lab, 'credentials_view')
export const mayImport = (lab: Pick<Lab, 'may'>) => any(lab, 'roster_import')
/** Lower hands, reset databases, give passwords. */
export const mayAssist = (lab: Pick<Lab, 'may'>) => any(lab, 'assist')
export const mayDelete = (lab: Pick<Lab, 'may'>) => any(lab, 'delete')
