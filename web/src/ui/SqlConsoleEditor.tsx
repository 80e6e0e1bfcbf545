// The editor of a SQL console: completion, a mark at an error, keys that run. What runs is the business of others.

import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { PostgreSQL, type SQLNamespace, sql } from '@codemirror/lang-sql'
import { bracketMatching, ensureSyntaxTree, syntaxHighlighting } from '@codemirror/language'
import { Compartment, EditorState, Prec, StateEffect, StateField } from '@codemirror/state'
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder as placeholderText,
} from '@codemirror/view'
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react'
import { sqlStyle, sqlTheme } from './sqlTheme'

export interface ConsoleEditor {
  /** What is selected, or everything, with where it begins. */
  chosen: (selectionOnly: boolean) => { text: string; from: number }
  /** The statement at the cursor, or what is selected. */
  statement: () => { text: string; from: number }
  insert: (text: string) => void
  replace: (text: string) => void
  /** Marks the word at a place, in UTF-16 units; null takes the mark away. */
  mark: (at: number | null) => void
  goTo: (at: number) => void
}

const setMark = StateEffect.define<number | null>()
const markField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = transaction.docChanged ? Decoration.none : marks
    for (const effect of transaction.effects) {
      if (!effect.is(setMark)) continue
      next = Decoration.none
      if (effect.value === null) continue
      const { doc } = transaction.state
      const at = Math.min(effect.value, doc.length)
      const line = doc.lineAt(at)
      const word = /^(?:[\p{L}\p{N}_$]+|"[^"]*"?|'[^']*'?|\S)/u.exec(line.text.slice(at - line.from))?.[0] ?? ''
      const marks = [Decoration.line({ class: 'cm-error-line' }).range(line.from)]
      if (word) marks.push(Decoration.mark({ class: 'cm-error' }).range(at, at + word.length))
      next = Decoration.set(marks, true)
    }
    return next
  },
  provide: (field) => EditorView.decorations.from(field),
})

const theme = EditorView.theme({
  '&': { height: '100%' },
  '.cm-scroller': { overflow: 'auto', lineHeight: '1.5' },
  '.cm-gutters': { backgroundColor: 'var(--bg-raised)', color: 'var(--text-faint)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--accent-soft)',
  },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: 'transparent',
    outline: '1px solid var(--line-strong)',
  },
  '.cm-placeholder': { color: 'var(--text-faint)' },
  '.cm-error': { textDecoration: 'underline wavy var(--broken)', textUnderlineOffset: '3px' },
  '.cm-error-line': { backgroundColor: 'var(--broken-soft)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--bg-raised)',
    color: 'var(--text)',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
    boxShadow: 'var(--shadow)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', maxHeight: '14em' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--bg-selected)', color: 'var(--text)' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '650' },
})

export default function SqlConsoleEditor({
  initial,
  onChange,
  onRun,
  onRunStatement,
  label,
  placeholder,
  schema,
  defaultSchema,
  handle,
}: {
  initial: string
  onChange: (text: string) => void
  /** With Ctrl or Cmd and Enter. */
  onRun: () => void
  /** With Shift too. */
  onRunStatement: () => void
  label: string
  placeholder: string
  schema?: SQLNamespace | undefined
  defaultSchema?: string | undefined
  handle: Ref<ConsoleEditor>
}) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const language = useRef(new Compartment())
  const latest = useRef({ onChange, onRun, onRunStatement })
  useEffect(() => {
    latest.current = { onChange, onRun, onRunStatement }
  }, [onChange, onRun, onRunStatement])

  useEffect(() => {
    if (!host.current) return
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: initial,
        extensions: [
          Prec.highest(
            keymap.of([
              {
                key: 'Mod-Enter',
                run: () => (latest.current.onRun(), true),
                shift: () => (latest.current.onRunStatement(), true),
                preventDefault: true,
              },
              { key: 'Tab', run: acceptCompletion },
            ]),
          ),
          lineNumbers(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false, maxRenderedOptions: 60 }),
          language.current.of(sql({ dialect: PostgreSQL, upperCaseKeywords: true })),
          syntaxHighlighting(sqlStyle),
          // Escape and then Tab leaves the editor, for those who have nothing but keys.
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label }),
          placeholderText(placeholder),
          markField,
          sqlTheme('100%'),
          theme,
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = editor
    return () => {
      editor.destroy()
      view.current = null
    }
    // The editor owns its text once it is there.
  }, [label, placeholder])

  useEffect(() => {
    const config = { dialect: PostgreSQL, upperCaseKeywords: true }
    view.current?.dispatch({
      effects: language.current.reconfigure(
        sql(schema ? { ...config, schema, ...(defaultSchema ? { defaultSchema } : {}) } : config),
      ),
    })
  }, [schema, defaultSchema])

  useImperativeHandle(
    handle,
    (): ConsoleEditor => ({
      chosen: (selectionOnly) => {
        const state = view.current?.state
        if (!state) return { text: '', from: 0 }
        const { from, to, empty } = state.selection.main
        if (selectionOnly && !empty) return { text: state.sliceDoc(from, to), from }
        return { text: state.doc.toString(), from: 0 }
      },
      statement: () => {
        const state = view.current?.state
        if (!state) return { text: '', from: 0 }
        const { from, to, empty, head } = state.selection.main
        if (!empty) return { text: state.sliceDoc(from, to), from }
        const tree = ensureSyntaxTree(state, state.doc.length, 500)
        let found: { from: number; to: number } | null = null
        // The last one that begins before the cursor: behind a semicolon one still means the statement before it.
        for (let node = tree?.topNode.firstChild ?? null; node; node = node.nextSibling) {
          if (node.name === 'Statement' && (node.from <= head || !found)) found = { from: node.from, to: node.to }
        }
        return found ? { text: state.sliceDoc(found.from, found.to), from: found.from } : { text: state.doc.toString(), from: 0 }
      },
      insert: (text) => {
        const editor = view.current
        if (!editor) return
        editor.dispatch(editor.state.replaceSelection(text))
        editor.focus()
      },
      replace: (text) => {
        const editor = view.current
        if (!editor) return
        editor.dispatch({
          changes: { from: 0, to: editor.state.doc.length, insert: text },
          selection: { anchor: text.length },
        })
        editor.focus()
      },
      mark: (at) => {
        const editor = view.current
        if (!editor) return
        const effects: StateEffect<unknown>[] = [setMark.of(at)]
        if (at !== null) effects.push(EditorView.scrollIntoView(Math.min(at, editor.state.doc.length)))
        editor.dispatch({ effects })
      },
      goTo: (at) => {
        const editor = view.current
        if (!editor) return
        const anchor = Math.min(at, editor.state.doc.length)
        editor.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) })
        editor.focus()
      },
    }),
    [],
  )

  return <div ref={host} style={{ height: '100%', minHeight: 0 }} />
}
