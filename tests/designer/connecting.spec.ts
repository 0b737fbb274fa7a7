import { Editor } from './editor.ts'
import { expect, test } from './fixtures.ts'
import { tabTo } from './keyboard.ts'

const sorting = {
  name: 'Sorting',
  triggers: { order: { type: 'manual' }, again: { type: 'manual' } },
  steps: {
    sort: { type: 'switch', cases: { large: '${event.data.weight > 20}', small: '${event.data.weight < 2}' }, next: { large: 'carry' } },
    carry: { type: 'log', message: 'with two' },
    post: { type: 'log', message: 'as a letter' },
    complain: { type: 'log', message: 'what is it?', name: 'Ask the shop' },
  },
  start: 'sort',
}

test.use({ setUp: { files: { 'sorting.json': `${JSON.stringify(sorting, null, 2)}\n` } } })

test('any outcome is led to a step that is there by keyboard: a case, an error, a trigger', async ({ page, server }) => {
  const editor = new Editor(page)
  await editor.open('sorting')

  await editor.step('sort').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('c')
  const dialog = page.getByRole('dialog', { name: 'Connect sort' })
  const outcome = dialog.getByRole('combobox', { name: 'Outcome' })
  await expect(outcome).toBeFocused()
  await expect(outcome).toHaveValue('small') // the first that leads nowhere
  await page.keyboard.press('Tab')
  await page.keyboard.type('post')
  await page.keyboard.press('Enter')
  await expect(dialog).toBeHidden()
  await expect(editor.arrow('sort', 'small', 'post')).toBeAttached()
  await expect(editor.step('sort')).toBeFocused()

  await page.keyboard.press('c')
  await outcome.selectOption('error')
  await page.keyboard.press('Tab')
  await page.keyboard.type('shop') // by its name
  await page.keyboard.press('Enter')
  await expect(editor.arrow('sort', 'error', 'complain')).toBeAttached()

  await editor.trigger('again').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('c')
  await expect(page.getByRole('dialog', { name: 'Connect again' }).getByRole('combobox', { name: 'Step' })).toBeFocused() // there is but one way
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await expect(editor.arrow('again', 'start', 'carry')).toBeAttached()

  await editor.save()
  expect(JSON.parse(await server.read('sorting.json'))).toMatchObject({
    triggers: { order: { type: 'manual' }, again: { type: 'manual', start: 'carry' } },
    steps: { sort: { next: { large: 'carry', small: 'post', error: 'complain' } } },
  })
})

test('the form says where each outcome leads, and leads it elsewhere', async ({ page, server }) => {
  const editor = new Editor(page)
  await editor.open('sorting')
  await editor.step('sort').click()
  const follows = page.getByRole('region', { name: 'What follows sort' })
  const leads = (outcome: string) => follows.getByRole('combobox', { name: `${outcome} of sort leads to` })
  await expect(leads('large')).toHaveValue('carry')
  for (const outcome of ['small', 'default', 'error']) await expect(leads(outcome)).toHaveValue('')
  await tabTo(page, leads('default'))
  await page.keyboard.type('compl')
  await expect(editor.arrow('sort', 'default', 'complain')).toBeAttached()
  await leads('large').selectOption('post')
  await expect(editor.arrow('sort', 'large', 'post')).toBeAttached()
  await expect(editor.arrow('sort', 'large', 'carry')).toHaveCount(0)
  await leads('default').selectOption('–')
  await expect(editor.arrow('sort', 'default', 'complain')).toHaveCount(0)
  await follows.getByRole('button', { name: 'Go to post' }).press('Enter')
  await expect(page.getByRole('textbox', { name: 'Id of the step' })).toHaveValue('post')
  await editor.save()
  expect(JSON.parse(await server.read('sorting.json'))).toMatchObject({ steps: { sort: { next: { large: 'post' } } } })
})

test('a step is added by keyboard behind the outcome that is chosen', async ({ page }) => {
  const editor = new Editor(page)
  await editor.open('sorting')
  await editor.step('sort').click()
  await page.keyboard.press('a')
  await page.keyboard.press('Shift+Tab')
  const outcome = editor.palette.getByRole('combobox', { name: 'Outcome' })
  await expect(outcome).toBeFocused()
  await outcome.selectOption('default')
  await page.keyboard.press('Tab')
  await editor.choose('stop')
  await expect(editor.arrow('sort', 'default', 'stop')).toBeAttached()
})
