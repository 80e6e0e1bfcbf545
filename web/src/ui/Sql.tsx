// SQL to look at, highlighted; the parser comes in a chunk of its own, and until then the text stands plain.

import { lazy, Suspense } from 'react'
import classes from './Sql.module.css'

const Highlighted = lazy(() => import('./SqlHighlighted'))
const Editor = lazy(() => import('./SqlEditorInner'))

export function Sql({ text }: { text: string }) {
  return (
    <pre className={classes.sql}>
      <Suspense fallback={text}>
        <Highlighted text={text} />
      </Suspense>
    </pre>
  )
}

export function SqlEditor(props: {
  value: string
  onChange?: (value: string) => void
  label: string
  readOnly?: boolean
  minLines?: number
}) {
  return (
    <div className={classes.editor}>
      <Suspense fallback={<pre className={classes.sql}>{props.value}</pre>}>
        <Editor {...props} />
      </Suspense>
    </div>
  )
}
