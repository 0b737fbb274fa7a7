import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { Editor } from './editor.ts'
import { expect, test } from './fixtures.ts'

const line = { name: 'Line', triggers: { start: { type: 'manual' } }, steps: { first: { type: 'log', message: 'one', next: 'second' }, second: { type: 'log', message: 'two' } } }

test.use({ setUp: { files: { 'line.json': `${JSON.stringify(line, null, 2)}\n` } } })

const opened = async (page: Page): Promise<Editor> => {
  const editor = new Editor(page)
  await editor.open('line')
  return editor
}

async function say(editor: Editor, step: string, message: string): Promise<void> {
  await editor.step(step).click()
  await expect(editor.page.getByRole('textbox', { name: 'Id of the step' })).toHaveValue(step)
  await editor.type(editor.field('message'), message)
  await expect(editor.status).toHaveText('Draft, kept in this browser')
}

test('a window keeps its own draft, and forgets no other window\'s', async ({ page, context }) => {
  const first = await opened(page)
  const second = await opened(await context.newPage())
  await say(second, 'second', 'by the second')
  await second.page.close({ runBeforeUnload: true })
  await say(first, 'first', 'by the first')
  await page.keyboard.press('Control+z')
  await expect(first.status).toHaveText('Saved')
  await page.goto('/workflows')
  await expect(page.getByRole('row', { name: /Line/ })).toContainText('draft')
  await expect((await opened(page)).step('second')).toContainText('by the second')
})

test('drafts of two windows are both there when both are closed, and are merged', async ({ page, context, server }) => {
  const first = await opened(await context.newPage())
  const second = await opened(await context.newPage())
  await say(first, 'first', 'by the first')
  await say(second, 'second', 'by the second')
  await first.page.reload()
  await expect(first.step('first')).toContainText('by the first')
  await expect(first.step('second')).toContainText('two')
  await first.page.close({ runBeforeUnload: true })
  await second.page.close({ runBeforeUnload: true })

  const editor = await opened(page)
  const notice = page.getByRole('alert').filter({ hasText: 'Another window of this browser has a draft of this workflow' })
  await notice.getByRole('button', { name: 'Merge it into this' }).click()
  await expect(notice).toHaveCount(0)
  await expect(editor.step('first')).toContainText('by the first')
  await expect(editor.step('second')).toContainText('by the second')
  await editor.save()
  expect(JSON.parse(await server.read('line.json'))).toMatchObject({ steps: { first: { message: 'by the first' }, second: { message: 'by the second' } } })
  await page.goto('/workflows')
  await expect(page.getByRole('row', { name: /Line/ })).toContainText('active')
})

test('who signs in next in the same browser sees nobody else\'s draft', async ({ page, server }) => {
  await server.api('PUT', '/api/users/bob', { role: 'editor', password: 'four words are good' })
  await say(await opened(page), 'second', 'not for bob')
  await page.goto('/workflows')
  await expect(page.getByRole('row', { name: /Line/ })).toContainText('draft')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('User name').fill('bob')
  await page.getByLabel('Password').fill('four words are good')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('row', { name: /Line/ })).toContainText('active')
  const editor = await opened(page)
  await expect(editor.status).toHaveText('Saved')
  await expect(editor.step('second')).not.toContainText('not for bob')

  await page.goto(`/?token=a-token-for-these-tests`)
  await expect((await opened(page)).step('second')).toContainText('not for bob')
})

test('a workflow that is deleted elsewhere is told of, and its draft is found and saved anew', async ({ page, server }) => {
  const editor = await opened(page)
  await say(editor, 'second', 'kept')
  await rm(join(server.workflows, 'line.json'))
  await expect(page.getByRole('alert').filter({ hasText: 'This workflow was deleted elsewhere.' })).toBeVisible()

  await page.goto('/workflows')
  const row = page.getByRole('table', { name: 'Drafts that are not saved' }).getByRole('row', { name: /line/ })
  await expect(row).toContainText('deleted elsewhere, draft in this browser')
  await row.getByRole('link').click()
  await expect(editor.step('second')).toContainText('kept')
  await page.getByRole('button', { name: 'Save it anew' }).click()
  await page.getByRole('dialog', { name: 'Save' }).getByRole('button', { name: 'Save' }).click()
  await expect(editor.status).toHaveText('Saved')
  await expect(page.getByRole('alert')).toHaveCount(0)
  expect(JSON.parse(await server.read('line.json'))).toMatchObject({ steps: { second: { message: 'kept' } } })
})

test('a window that is open keeps its draft, whatever another one does with it', async ({ page, context }) => {
  const first = await opened(await context.newPage())
  await say(first, 'first', 'by the first')
  await expect.poll(() => first.page.evaluate(() => Object.keys(localStorage).join())).toContain('automation.draft/') // a moment after it is typed
  const second = await opened(page)
  await expect(second.step('first')).toContainText('one')
  const notice = page.getByRole('alert').filter({ hasText: 'Another window of this browser has a draft of this workflow' })
  await notice.getByRole('button', { name: 'Merge it into this' }).click()
  await expect(second.step('first')).toContainText('by the first')
  await expect(second.status).toHaveText('Draft, kept in this browser')
  await page.keyboard.press('Control+z')
  await expect(second.status).toHaveText('Saved')
  await expect(notice).toBeVisible() // it is no part of this any more
  await notice.getByRole('button', { name: 'Drop it' }).click()
  await page.getByRole('dialog', { name: 'Drop the other draft' }).getByRole('button', { name: 'Drop' }).click()
  await expect(notice).toHaveCount(0)
  await first.page.reload()
  await expect(first.step('first')).toContainText('by the first')
})

test('a draft of a closed window is forgotten when it is saved, and by no undo', async ({ page, context }) => {
  const first = await opened(await context.newPage())
  await say(first, 'first', 'by the first')
  await first.page.close({ runBeforeUnload: true })
  const editor = await opened(page)
  await expect(editor.step('first')).toContainText('by the first')
  await editor.canvas.click({ position: { x: 5, y: 5 } })
  await page.keyboard.press('Control+z')
  await expect(editor.step('first')).toContainText('one')
  await page.reload()
  await expect(editor.step('first')).toContainText('by the first')
  await editor.save()
  await page.goto('/workflows')
  await expect(page.getByRole('row', { name: /Line/ })).toContainText('active')
})

test('what was made under the same id meanwhile is not mixed with what is new here', async ({ page, server }) => {
  const editor = new Editor(page)
  await page.goto('/workflows/fresh?new')
  await expect(editor.canvas).toBeVisible()
  await page.keyboard.press('Control+j')
  const mine = { triggers: { start: { type: 'manual' } }, steps: { mine: { type: 'log', message: 'mine' } } }
  await editor.type(page.getByRole('textbox', { name: 'The workflow as JSON' }), JSON.stringify(mine))
  await expect(editor.status).toHaveText('Draft, kept in this browser')
  const theirs = JSON.stringify({ name: 'Theirs', triggers: { start: { type: 'manual' } }, steps: { theirs: { type: 'log', message: 'theirs' } } })
  await server.write('fresh.json', theirs)

  const dialog = page.getByRole('dialog', { name: 'There is a workflow fresh now' })
  await expect(dialog.getByRole('textbox', { name: 'Id of yours' })).toHaveValue('fresh-2')
  await dialog.getByRole('button', { name: 'Go on with mine' }).click()
  await expect(page).toHaveURL(/\/workflows\/fresh-2\?new/)
  await page.getByRole('button', { name: 'Canvas' }).click()
  await expect(editor.step('mine')).toBeVisible()
  await editor.save()
  expect(JSON.parse(await server.read('fresh-2.json'))).toEqual(mine)
  expect(await server.read('fresh.json')).toBe(theirs)
  await editor.open('fresh')
  await expect(editor.step('theirs')).toBeVisible()
  await expect(editor.status).toHaveText('Saved')
})
