// Static highlighting with the PostgreSQL grammar of CodeMirror, without an editor around it.

import { PostgreSQL } from '@codemirror/lang-sql'
import { highlightCode, tagHighlighter, tags } from '@lezer/highlight'
import { type ReactNode, useMemo } from 'react'

const highlighter = tagHighlighter([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], class: 'tok-keyword' },
  { tag: [tags.string, tags.special(tags.string)], class: 'tok-string' },
  { tag: [tags.number, tags.bool, tags.null], class: 'tok-number' },
  { tag: [tags.typeName, tags.standard(tags.name)], class: 'tok-type' },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], class: 'tok-comment' },
])

const COLOUR: Record<string, string> = {
  'tok-keyword': 'var(--code-keyword)',
  'tok-string': 'var(--code-string)',
  'tok-number': 'var(--code-number)',
  'tok-type': 'var(--code-keyword)',
  'tok-comment': 'var(--code-comment)',
}

export default function SqlHighlighted({ text }: { text: string }) {
  const parts = useMemo(() => {
    const out: ReactNode[] = []
    let key = 0
    highlightCode(
      text,
      PostgreSQL.language.parser.parse(text),
      highlighter,
      (code, cls) => {
        const colour = cls ? COLOUR[cls.split(' ')[0] ?? ''] : undefined
        out.push(
          colour ? (
            <span key={key++} style={{ color: colour }}>
              {code}
            </span>
          ) : (
            code
          ),
        )
      },
      () => out.push('\n'),
    )
    return out
  }, [text])
  return <code>{parts}</code>
}
