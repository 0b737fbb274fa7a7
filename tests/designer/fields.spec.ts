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
