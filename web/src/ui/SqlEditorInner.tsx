// A CodeMirror editor for SQL, loaded when one is first shown.

import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { PostgreSQL, sql } from '@codemirror/lang-sql'
import { syntaxHighlighting } from '@codemirror/language'
import { EditorState } from '@codemirror/state'
import { EditorView, keymap } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { sqlStyle, sqlTheme } from './sqlTheme'

export default function SqlEditorInner({
  value,
  onChange,
  label,
  readOnly = false,
  minLines = 1,
}: {
  value: string
  onChange?: (value: string) => void
  label: string
  readOnly?: boolean
  minLines?: number
}) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const notify = useRef(onChange)
  useEffect(() => {
    notify.current = onChange
  }, [onChange])

  useEffect(() => {
    if (!host.current) return
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          sql({ dialect: PostgreSQL }),
          syntaxHighlighting(sqlStyle),
          history(),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.lineWrapping,
          EditorState.readOnly.of(readOnly),
          EditorView.editable.of(!readOnly),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) notify.current?.(update.state.doc.toString())
          }),
          sqlTheme(`${minLines * 1.45 * 12.5 + 14}px`),
        ],
      }),
    })
    view.current = editor
    return () => {
      editor.destroy()
      view.current = null
    }
    // The editor owns its text once it is there; later values come in below.
  }, [label, readOnly, minLines])

  useEffect(() => {
    const editor = view.current
    if (editor && editor.state.doc.toString() !== value) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
    }
  }, [value])

  return <div ref={host} />
}
