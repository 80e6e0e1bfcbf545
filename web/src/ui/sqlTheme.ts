// How SQL looks in an editor: colours of its words, and the frame around them.

import { HighlightStyle } from '@codemirror/language'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

export const sqlStyle = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.typeName], color: 'var(--code-keyword)' },
  { tag: tags.string, color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: [tags.lineComment, tags.blockComment], color: 'var(--code-comment)' },
])

export function sqlTheme(minHeight: string) {
  return EditorView.theme({
    '&': { fontSize: '12.5px', backgroundColor: 'var(--bg-raised)', color: 'var(--text)' },
    '&.cm-focused': { outline: 'none' },
    '.cm-content': {
      fontFamily: 'var(--mono)',
      caretColor: 'var(--accent)',
      padding: '7px 2px',
      minHeight,
    },
    '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  })
}
