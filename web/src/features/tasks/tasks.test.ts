import { describe, expect, it } from 'vitest'
import { FACT_FORMS, type FactForm, factOf, factProblem } from './facts'
import { checkPoints, moved } from './order'

const form = (kind: string) => FACT_FORMS.find((each) => each.kind === kind) as FactForm

describe('facts by hand', () => {
  it('have the shape of the API', () => {
    expect(factOf(form('column_type'), { table: 'shop.album', column: ' title ', data_type: 'text' })).toEqual({
      kind: 'column_type',
      table: { schema: 'shop', name: 'album' },
      column: 'title',
      data_type: 'text',
    })
    expect(factOf(form('nullability'), { table: 'album', column: 'title' })).toMatchObject({ not_null: false })
    expect(factOf(form('row_count'), { table: 'album', n_rows: 347 })).toMatchObject({ n_rows: 347 })
    expect(factOf(form('unique'), { table: 'album', columns: 'a, b ,' })).toEqual({
      kind: 'unique',
      table: { schema: 'public', name: 'album' },
      columns: ['a', 'b'],
      nulls_not_distinct: false,
    })
    expect(
      factOf(form('foreign_key'), { table: 'album', columns: 'artist_id', ref_table: 'artist', ref_columns: 'artist_id' }),
    ).toEqual({
      kind: 'foreign_key',
      table: { schema: 'public', name: 'album' },
      foreign_key: {
        name: '',
        columns: ['artist_id'],
        ref_table: { schema: 'public', name: 'artist' },
        ref_columns: ['artist_id'],
        on_update: 'no_action',
        on_delete: 'no_action',
      },
    })
  })
  it('say what is missing', () => {
    expect(factProblem(form('column_exists'), { table: 'album' })).toBe('Column is missing.')
    expect(factProblem(form('unique'), { table: 'album', columns: ' , ' })).toBe('Columns is missing.')
    expect(factProblem(form('nullability'), { table: 'album', column: 'title' })).toBeNull()
    expect(factProblem(form('row_count'), { table: 'album', n_rows: 0 })).toBeNull()
  })
})

describe('order', () => {
  it('moves one up or down', () => {
    expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    expect(moved(['a', 'b'], 0, 9)).toEqual(['b', 'a'])
    expect(moved(['a', 'b'], 9, 0)).toEqual(['a', 'b'])
  })
  it('shares points by weight', () => {
    expect(checkPoints(10, 2, [2, 1, 1])).toBe(5)
    expect(checkPoints(10, 1, [])).toBe(0)
  })
})
