import { describe, expect, it } from 'vitest'
import type { ConsoleEvent } from '@/api/types'
import { type Catalog, columnMarks, ident, namespace, tableName } from './catalog'
import { csv, csvCell } from './csv'
import { BOX, layOut } from './diagram'
import { columnWidths, ROW_PX, rowsInView, shownCell } from './grid'
import { remembered } from './history'
import { readPlan } from './plan'
import { begun, errorPlace, heard, resultTitle, SILENT, type Talk, took } from './session'

describe('rows in view', () => {
  it('draws a few of many, wherever one scrolled to', () => {
    for (const scrolled of [0, 1, 999, 124_999, 249_000, 10_000_000]) {
      const { from, to } = rowsInView(scrolled, 500, 10_000)
      expect(to - from).toBeLessThan(60)
      expect(from).toBeGreaterThanOrEqual(0)
      expect(to).toBeLessThanOrEqual(10_000)
      const first = Math.floor(scrolled / ROW_PX)
      if (first < 10_000) {
        expect(from).toBeLessThanOrEqual(first)
        expect(to).toBeGreaterThanOrEqual(Math.min(10_000, first + 500 / ROW_PX))
      }
    }
    expect(rowsInView(0, 500, 0)).toEqual({ from: 0, to: 0 })
    expect(rowsInView(0, 500, 3)).toEqual({ from: 0, to: 3 })
  })
  it('gives columns the room that their first rows need, up to a limit', () => {
    expect(columnWidths(['id', 'description'], [['1', 'x'.repeat(500)], ['12345678', null]])).toEqual([8, 42])
    expect(shownCell('a\nb\r\nc')).toBe('a ⏎ b ⏎ c')
    expect(shownCell('x'.repeat(1000)).length).toBe(301)
  })
})

describe('CSV', () => {
  it('quotes what must be quoted, and only that', () => {
    const cells = ['plain', 'a,b', 'say "hi"', 'two\nlines', '', ' padded', null]
    expect(cells.map(csvCell)).toEqual(['plain', '"a,b"', '"say ""hi"""', '"two\nlines"', '""', '" padded"', ''])
  })
  it('disarms formulas and leaves numbers alone', () => {
    const cells = ['=1+1', '+49 30 123', '-x', '@sum', '\tx', '-1', '+1.5e3', '-.5', '-1-1']
    expect(cells.map(csvCell)).toEqual(["'=1+1", "'+49 30 123", "'-x", "'@sum", "'\tx", '-1', '+1.5e3', '-.5', "'-1-1"])
  })
  it('writes lines as spreadsheets want them', () => {
    expect(csv(['id', 'na"me'], [['1', 'Åse'], ['2', null]])).toBe('\uFEFFid,"na""me"\r\n1,Åse\r\n2,\r\n')
  })
})

describe('plans', () => {
  const analyzed = JSON.stringify([
    {
      Plan: {
        'Node Type': 'Hash Join',
        'Join Type': 'Left',
        'Hash Cond': '(a.artist_id = r.artist_id)',
        'Total Cost': 40,
        'Plan Rows': 10,
        'Actual Total Time': 10,
        'Actual Rows': 500,
        'Actual Loops': 1,
        Plans: [
          {
            'Node Type': 'Seq Scan',
            'Parent Relationship': 'Outer',
            'Relation Name': 'album',
            Alias: 'a',
            Filter: "(title ~~ 'x%'::text)",
            'Rows Removed by Filter': 20,
            'Total Cost': 20,
            'Plan Rows': 500,
            'Actual Total Time': 4,
            'Actual Rows': 500,
            'Actual Loops': 2,
          },
          {
            'Node Type': 'Index Scan',
            'Parent Relationship': 'Inner',
            'Relation Name': 'artist',
            Alias: 'artist',
            'Index Name': 'artist_pkey',
            'Total Cost': 5,
            'Plan Rows': 1,
            'Actual Total Time': 0,
            'Actual Rows': 0,
            'Actual Loops': 0,
          },
        ],
      },
      'Planning Time': 0.5,
      'Execution Time': 10.2,
    },
  ])
  it('says where the time went and which guess was wrong', () => {
    const plan = readPlan(analyzed)
    expect(plan?.analyzed).toBe(true)
    expect(plan?.executionMs).toBe(10.2)
    const [join, scan, index] = plan?.nodes ?? []
    expect(join).toMatchObject({ title: 'Hash Join (Left)', own: 2, share: 0.2, misjudged: 50, depth: 0 })
    expect(join?.details).toEqual(['joins on (a.artist_id = r.artist_id)'])
    expect(scan).toMatchObject({ title: 'Seq Scan', on: 'on album a', ms: 8, own: 8, share: 0.8, depth: 1, loops: 2 })
    expect(scan).toMatchObject({ misjudged: null, removedRows: 20 })
    expect(index).toMatchObject({ on: 'on artist using artist_pkey', neverRun: true, misjudged: null })
  })
  it('shares the cost where nothing was run', () => {
    const plan = readPlan(
      '[{"Plan": {"Node Type": "Sort", "Sort Key": ["a", "b"], "Total Cost": 100, "Plan Rows": 5, "Plans": [{"Node Type": "Function Scan", "Function Name": "generate_series", "Total Cost": 25, "Plan Rows": 5}]}}]',
    )
    expect(plan).toMatchObject({ analyzed: false, cost: 100, executionMs: null })
    expect(plan?.nodes.map((node) => [node.title, node.on, node.own, node.rows])).toEqual([
      ['Sort', '', 75, null],
      ['Function Scan', 'of generate_series()', 25, null],
    ])
    expect(plan?.nodes[0]?.details).toEqual(['sorts by a, b'])
  })
  it('is nothing for what is no plan', () => {
    for (const text of ['', '{}', '[]', '[{"Plan": null}]', '[{"Plan": {}}]', 'Seq Scan on x']) {
      expect(readPlan(text)).toBeNull()
    }
  })
})

describe('what a console says', () => {
  const all = (talk: Talk, events: ConsoleEvent[]) => events.reduce(heard, talk)
  const column = { name: 'n', type: 'int4', is_number: true }
  it('becomes runs with results', () => {
    const talk = all(begun(SILENT, 1, 'SELECT 1; SELECT 2', 100), [
      { type: 'statement', from: 0, to: 8 },
      { type: 'columns', columns: [column] },
      { type: 'rows', rows: [['1'], [null]] },
      { type: 'rows', rows: [['3']] },
      { type: 'done', tag: 'SELECT 3', n_rows: 3, cut: null, n_cells_cut: 0, ms: 1.5 },
      { type: 'statement', from: 10, to: 18 },
      { type: 'notice', notice: { severity: 'NOTICE', code: '00000', message: 'mind' } },
      { type: 'error', error: { severity: 'ERROR', code: '42703', message: 'no', position: 17 }, ms: 2 },
      { type: 'finished', transaction: 'failed', ms: 4 },
    ])
    expect(talk).toMatchObject({ running: false, transaction: 'failed' })
    const results = talk.run?.results ?? []
    expect(results.map((result) => [result.from, result.to, resultTitle(result)])).toEqual([
      [100, 108, 'SELECT 3'],
      [110, 118, 'ERROR 42703'],
    ])
    expect(results[0]?.rows).toEqual([['1'], [null], ['3']])
    expect(results[1]?.rows).toEqual([])
    expect(results[1]?.notices[0]?.message).toBe('mind')
    expect(talk.run && errorPlace(talk.run)).toBe(117)
  })
  it('loses what ran when the session ends', () => {
    const talk = all(begun(SILENT, 1, 'SELECT 1', 0), [{ type: 'closed', code: 'lost', reason: 'It broke.' }])
    expect(talk).toMatchObject({ running: false, ready: null, transaction: 'none', run: { lost: 'It broke.' } })
    expect(heard(SILENT, { type: 'statement', from: 0, to: 1 })).toEqual(SILENT)
  })
  it('says how long it took', () => {
    expect([0.42, 12.4, 1234].map(took)).toEqual(['0.4 ms', '12 ms', '1.23 s'])
  })
})

const key = (kind: 'primary' | 'unique' | 'foreign', columns: string[], table?: string, refs?: string[]) => ({
  kind,
  name: `${kind}_${columns.join('_')}`,
  columns,
  ref_schema: table ? 'public' : null,
  ref_table: table ?? null,
  ref_columns: refs ?? null,
})
const table = (name: string, columns: string[], keys: ReturnType<typeof key>[] = []) => ({
  schema: 'public',
  name,
  kind: 'table',
  estimate: null,
  comment: null,
  columns: columns.map((column) => ({ name: column, type: 'integer', not_null: false, default: null })),
  keys,
})
const catalog: Catalog = {
  search_path: ['public'],
  tables: [
    table('track', ['id', 'album_id'], [key('primary', ['id']), key('foreign', ['album_id'], 'album', ['id'])]),
    table('album', ['id', 'artist_id'], [key('primary', ['id']), key('foreign', ['artist_id'], 'artist', ['id'])]),
    table('artist', ['id', 'boss'], [key('primary', ['id']), key('foreign', ['boss'], 'artist', ['id'])]),
    table('Odd One', ['user']),
  ],
  functions: [],
}

describe('the catalog', () => {
  it('writes names as they must be written', () => {
    expect(['album', 'Album', 'user', 'a b', 'a"b', '1st'].map(ident)).toEqual([
      'album', '"Album"', '"user"', '"a b"', '"a""b"', '"1st"',
    ])
    expect(tableName(catalog, { schema: 'other', name: 'x' })).toBe('other.x')
    expect(namespace(catalog).public?.album).toEqual(['id', 'artist_id'])
    expect(columnMarks(catalog.tables[0]!, 'album_id')).toEqual({ primary: false, unique: false, references: 'album.id' })
  })
  it('is drawn with who is referenced to the left, and nothing over anything', () => {
    const diagram = layOut(catalog)
    const x = Object.fromEntries(diagram.boxes.map((box) => [box.table.name, box.x]))
    expect(x.artist).toBeLessThan(x.album!)
    expect(x.album).toBeLessThan(x.track!)
    expect(diagram.lines).toHaveLength(3)
    for (const a of diagram.boxes) {
      for (const b of diagram.boxes) {
        if (a !== b && a.x === b.x) expect(a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true)
      }
      expect(a.x + BOX.width).toBeLessThan(diagram.width)
      expect(a.y + a.height).toBeLessThan(diagram.height)
    }
    expect(diagram.lines.every((line) => !line.path.includes('NaN'))).toBe(true)
  })
  it('is drawn in circles too', () => {
    const circle = layOut({
      ...catalog,
      tables: [
        table('a', ['b'], [key('foreign', ['b'], 'b', ['a'])]),
        table('b', ['a'], [key('foreign', ['a'], 'a', ['b'])]),
      ],
    })
    expect(circle.boxes).toHaveLength(2)
    expect(circle.lines).toHaveLength(2)
  })
})

describe('history', () => {
  it('keeps what was run once, the newest first, and not without end', () => {
    const past = (sql: string, at: number) => ({ sql, at, ms: 1, ok: true })
    let history = remembered([], past('SELECT 1', 1))
    history = remembered(history, past('SELECT 2', 2))
    history = remembered(history, past('SELECT 1', 3))
    expect(history.map((each) => [each.sql, each.at])).toEqual([['SELECT 1', 3], ['SELECT 2', 2]])
    expect(remembered(history, past('  ', 4))).toBe(history)
    for (let i = 0; i < 500; i += 1) history = remembered(history, past(`SELECT ${i}`, i))
    expect(history).toHaveLength(200)
  })
})
