import type { Locator, Page } from '@playwright/test'
import { Editor } from './editor.ts'
import { expect, test } from './fixtures.ts'

const forms = {
  name: 'Forms',
  triggers: { start: { type: 'manual' } },
  steps: {
    values: { type: 'set', values: { id: 7, kind: null }, next: 'call' },
    call: { type: 'http.request', url: 'http://127.0.0.1:9/', body: 'abc', timeout: '5s', next: 'say' },
    say: { type: 'log', message: 'done' },
  },
}

test.use({ setUp: { files: { 'forms.json': `${JSON.stringify(forms, null, 2)}\n` } } })

const opened = async (page: Page): Promise<Editor> => {
  const editor = new Editor(page)
  await editor.open('forms')
  return editor
}

/** Empties a field by a key that is held down, for longer than there is something in it. */
async function holdBackspace(field: Locator): Promise<void> {
  await field.click()
  const { keyboard } = field.page()
  await keyboard.press('Control+End')
  for (let times = 0; times < 8; times++) await keyboard.down('Backspace')
  await keyboard.up('Backspace')
}

test('a field that is emptied stays under the cursor, and no key of it reaches the step', async ({ page }) => {
  const editor = await opened(page)
  await editor.step('call').click()
  for (const name of ['body', 'timeout']) {
    await holdBackspace(editor.field(name))
    await expect(editor.field(name)).toBeFocused()
  }
  await page.keyboard.type('7s')
  await expect(editor.step('call')).toBeVisible()
  await page.getByRole('button', { name: 'Take timeout out' }).click()
  await expect(editor.field('timeout')).toBeFocused()
  await page.keyboard.press('Delete')
  await expect(editor.step('call')).toBeVisible()
  expect(await editor.save()).toEqual(['call: body removed (was "abc")', 'call: timeout removed (was "5s")'])
})

test('a new entry whose name begins as another one does not overwrite that', async ({ page, server }) => {
  const editor = await opened(page)
  await editor.step('values').click()
  const values = page.getByRole('group', { name: 'values', exact: true })
  await values.getByRole('button', { name: 'Add' }).click()
  await page.keyboard.type('id')
  await expect(values.getByRole('alert')).toHaveText('id: There is an entry of this name already.')
  await page.keyboard.type('New')
  await expect(values.getByRole('alert')).toHaveCount(0)
  await page.keyboard.press('Tab')
  await page.keyboard.type('8')
  await editor.save()
  expect(JSON.parse(await server.read('forms.json'))).toMatchObject({ steps: { values: { values: { id: 7, kind: null, idNew: 8 } } } })
})

test('what is typed and cannot be read yet is kept, told of, and holds up the save', async ({ page, server }) => {
  const editor = await opened(page)
  const group = (name: string) => page.getByRole('group', { name, exact: true })
  const half = '{ "a": 1 "b": 2 }'
  await editor.step('call').click()
  await editor.type(editor.field('timeout'), '5 seconds')
  await editor.type(editor.field('body'), half)
  await expect(group('body').getByRole('alert')).toBeVisible()
  await editor.step('values').click()
  await group('values').getByRole('textbox', { name: 'name' }).first().fill('')
  await editor.step('say').click()
  await expect(editor.step('call').getByLabel('2 problems')).toBeVisible()
  await expect(editor.status).toHaveText('Draft, kept in this browser')

  await page.keyboard.press('Control+s')
  await expect(page.getByText(/^Nothing is saved: what is typed at \/steps\/call\/timeout cannot be read\. A time is written as/)).toBeVisible()
  await expect(editor.field('timeout')).toBeFocused()
  await expect(editor.field('timeout')).toHaveText('5 seconds')
  await page.getByRole('button', { name: 'Take timeout out' }).click()
  await expect(group('timeout').getByRole('alert')).toHaveCount(0)
  await expect(editor.field('timeout').getByText('5 seconds')).toHaveCount(0)

  await page.reload()
  await page.getByRole('button', { name: '2 problems' }).click()
  const problems = page.getByRole('region', { name: 'Problems' })
  await problems.getByRole('button', { name: /An entry needs a name/ }).click()
  await expect(group('values').getByRole('textbox', { name: 'name' }).first()).toBeFocused()
  await page.keyboard.type('number')
  await problems.getByRole('button', { name: '/steps/call/body' }).click()
  await expect(editor.field('body')).toHaveText(half)
  await expect(editor.field('body')).toBeFocused()
  await editor.type(editor.field('body'), half.replace('1 ', '1, '))
  await expect(page.getByRole('button', { name: 'No problems' })).toBeVisible()
  await editor.save()
  const { steps } = JSON.parse(await server.read('forms.json')) as typeof forms
  expect([steps.values.values, steps.call.body]).toEqual([{ number: 7, kind: null }, { a: 1, b: 2 }])
})
