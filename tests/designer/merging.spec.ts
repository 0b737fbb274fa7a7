import type { Page } from '@playwright/test'
import { Editor } from './editor.ts'
import { expect, test } from './fixtures.ts'

const line = {
  name: 'Line',
  triggers: { start: { type: 'manual' } },
  steps: {
    first: { type: 'log', message: 'one', next: 'second' },
    second: { type: 'log', message: 'two', next: 'third' },
    third: { type: 'log', message: 'three' },
  },
}

const text = (workflow: object) => `${JSON.stringify(workflow, null, 2)}\n`
const withMessage = (step: 'first' | 'second' | 'third', message: string) => text({ ...line, steps: { ...line.steps, [step]: { ...line.steps[step], message } } })

const opened = async (page: Page): Promise<Editor> => {
  const editor = new Editor(page)
  await editor.open('line')
  return editor
}

/** Types another message into a step's form. */
async function say(editor: Editor, step: string, message: string): Promise<void> {
  await editor.step(step).click()
  await expect(editor.page.getByRole('textbox', { name: 'Id of the step' })).toHaveValue(step)
  await editor.type(editor.field('message'), message)
}

const told = (page: Page, words: string) => page.getByText(words, { exact: true })

test.describe('a folder that is no repository', () => {
  test.use({ setUp: { files: { 'line.json': text(line) } } })

  test('a file that changes on the disk is shown as it is now, and merged by step where it is edited here', async ({ page, server }) => {
    const editor = await opened(page)
    await server.write('line.json', withMessage('first', 'one, from the disk'))
    await expect(editor.step('first')).toContainText('one, from the disk')
    await expect(editor.status).toHaveText('Saved')

    await say(editor, 'third', 'three, from the page')
    await server.write('line.json', withMessage('second', 'two, from the disk'))
    await expect(told(page, 'The files were changed elsewhere; those changes and yours are merged.')).toBeVisible()
    await expect(editor.step('second')).toContainText('two, from the disk')
    await expect(editor.step('third')).toContainText('three, from the page')
    await page.keyboard.press('Control+z')
    await expect(editor.step('third')).not.toContainText('three, from the page')
    await expect(editor.step('second')).toContainText('two, from the disk') // undo is of one's own edits
    await page.keyboard.press('Control+Shift+z')
    expect(await editor.save()).toEqual(['third: message "three" → "three, from the page"'])
    expect(JSON.parse(await server.read('line.json'))).toEqual({
      ...line,
      steps: { first: line.steps.first, second: { ...line.steps.second, message: 'two, from the disk' }, third: { type: 'log', message: 'three, from the page' } },
    })
  })

  test('the save dialog says what it will write, also when the file changes while it is open', async ({ page, server }) => {
    const editor = await opened(page)
    await say(editor, 'first', 'uno')
    await say(editor, 'third', 'tre')
    await page.keyboard.press('Control+s')
    const dialog = page.getByRole('dialog', { name: 'Save' })
    const words = dialog.getByRole('list').first().getByRole('listitem')
    await expect(words).toHaveText(['first: message "one" → "uno"', 'third: message "three" → "tre"'])
    await server.write('line.json', withMessage('first', 'uno'))
    await expect(words).toHaveText(['third: message "three" → "tre"'])
    await server.write('line.json', text({ ...line, steps: { ...line.steps, first: { ...line.steps.first, message: 'uno' }, third: { ...line.steps.third, message: 'tre' } } }))
    await expect(dialog).toContainText('There is nothing to save any more')
    await expect(dialog.getByRole('button', { name: 'Save' })).toBeDisabled()
  })

  test('where both changed the same it asks, and nothing is lost', async ({ page, server }) => {
    const editor = await opened(page)
    await say(editor, 'second', 'two, from the page')
    await server.write('line.json', withMessage('second', 'two, from the disk'))
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed the same' })
    await expect(dialog.getByRole('group', { name: 'steps › second › message' })).toBeVisible()
    await expect(dialog.getByRole('radio', { name: /Yours/ })).toBeChecked()
    await dialog.getByRole('button', { name: 'Later' }).click()
    await expect(editor.step('second')).toContainText('two, from the page')

    await page.keyboard.press('Control+s')
    await page.getByRole('dialog', { name: 'Save' }).getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('two, from the disk').click()
    await dialog.getByRole('button', { name: 'Go on with this' }).click()
    await expect(editor.step('second')).toContainText('two, from the disk')
    await expect(editor.status).toHaveText('Saved')
    await page.keyboard.press('Control+z')
    await expect(editor.step('second')).toContainText('two, from the page')
    expect(await editor.save()).toEqual(['second: message "two, from the disk" → "two, from the page"'])
    expect(await server.read('line.json')).toBe(withMessage('second', 'two, from the page'))
  })

  test('a draft of a closed tab asks too where both changed the same, and again when that was put off', async ({ page, server }) => {
    const editor = await opened(page)
    await say(editor, 'second', 'two, from the page')
    await page.goto('/runs')
    await server.write('line.json', withMessage('second', 'two, from the disk'))
    await opened(page)
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed the same' })
    await dialog.getByRole('button', { name: 'Later' }).click()
    await expect(editor.step('second')).toContainText('two, from the page')

    await page.keyboard.press('Control+s')
    await page.getByRole('dialog', { name: 'Save' }).getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeVisible()
    expect(await server.read('line.json')).toBe(withMessage('second', 'two, from the disk'))
  })

  test('two editors see each other, and the second cannot overwrite what the first wrote', async ({ page, context, server }) => {
    const first = await opened(page)
    const second = await opened(await context.newPage())
    await expect(second.page.getByTitle(/^Also has this open: admin-token/)).toBeVisible()
    await say(first, 'first', 'one, by the first')
    await say(second, 'third', 'three, by the second')
    await first.save()
    await expect(second.step('first')).toContainText('one, by the first')
    expect(await second.save()).toEqual(['third: message "three" → "three, by the second"'])
    await expect(first.step('third')).toContainText('three, by the second')
    await expect(first.page.getByTitle(/^Also has this open: admin-token/)).toBeVisible()

    // Both save the same step at once: the one that comes second is asked.
    await say(first, 'second', 'two, by the first')
    await say(second, 'second', 'two, by the second')
    await first.save()
    const dialog = second.page.getByRole('dialog', { name: 'Somebody else changed the same' })
    await expect(dialog).toBeVisible()
    await dialog.getByRole('button', { name: 'Go on with this' }).click()
    await second.save()
    expect(JSON.parse(await server.read('line.json'))).toMatchObject({ steps: { first: { message: 'one, by the first' }, second: { message: 'two, by the second' }, third: { message: 'three, by the second' } } })
  })

  test('no commit is offered', async ({ page }) => {
    const editor = await opened(page)
    await say(editor, 'first', 'uno')
    await page.keyboard.press('Control+s')
    await expect(page.getByRole('dialog', { name: 'Save' }).getByText('first: message "one" → "uno"')).toBeVisible()
    await expect(page.getByRole('checkbox', { name: /Commit to git/ })).toHaveCount(0)
  })
})

test.describe('a git repository', () => {
  test.use({ setUp: { git: true, files: { 'line.json': text(line) } } })

  test('a save is committed with its message, when asked for', async ({ page, server }) => {
    let saves = 0
    page.on('request', (request) => (saves += request.method() === 'PUT' ? 1 : 0))
    const editor = await opened(page)
    await say(editor, 'first', 'uno')
    await page.keyboard.press('Control+s')
    const dialog = page.getByRole('dialog', { name: 'Save' })
    await dialog.getByRole('checkbox', { name: 'Commit to git on main' }).check()
    await dialog.getByRole('textbox', { name: 'Message' }).fill('')
    await dialog.getByRole('button', { name: 'Save and commit' }).click()
    await expect(dialog.getByRole('alert')).toHaveText('Say in the message what the commit is for.')
    await dialog.getByRole('textbox', { name: 'Message' }).fill('Greet in Italian')
    for (let times = 0; times < 3; times++) await page.keyboard.down('Enter') // held
    await page.keyboard.up('Enter')
    await expect(page.getByText(/^Saved and committed as [0-9a-f]{10}; it is active now\.$/)).toBeVisible()
    expect(saves).toBe(1)
    expect(await server.git('log', '-1', '--format=%s')).toBe('Greet in Italian')
    expect(await server.git('show', '--stat', '--format=', 'HEAD')).toContain('line.json')
    expect(await server.git('status', '--porcelain')).toBe('')

    await say(editor, 'second', 'due')
    await page.keyboard.press('Control+s')
    await expect(dialog.getByRole('checkbox', { name: 'Commit to git on main' })).toBeChecked()
    await dialog.getByRole('checkbox', { name: 'Commit to git on main' }).uncheck()
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(editor.status).toHaveText('Saved')
    expect(await server.git('log', '-1', '--format=%s')).toBe('Greet in Italian')
    expect(await server.git('status', '--porcelain')).toBe('M line.json')
  })

  test('a save is not told to its author as somebody else\'s, however long its commit takes', async ({ page, server }) => {
    const editor = await opened(page)
    let answer = () => {}
    const answered = new Promise<void>((resolve) => (answer = resolve))
    await page.route('**/api/workflows/line/files', async (route) => {
      if (route.request().method() !== 'PUT') return route.continue()
      const response = await route.fetch()
      await answered
      await route.fulfill({ response })
    })
    const other = await page.context().newPage()
    const reader = await opened(other)
    await say(editor, 'first', 'uno')
    await page.keyboard.press('Control+s')
    await page.getByRole('dialog', { name: 'Save' }).getByRole('button', { name: 'Save' }).click()
    await expect(reader.step('first')).toContainText('uno') // the stream told it

    await server.write('line.json', text({ ...line, steps: { ...line.steps, first: { ...line.steps.first, message: 'uno' }, third: { ...line.steps.third, message: 'tre' } } }))
    await expect(reader.step('third')).toContainText('tre')
    await expect(editor.step('third')).toContainText('three')
    answer()
    await expect(page.getByText('Saved; it is active now.')).toBeVisible()
    await expect(editor.step('third')).toContainText('tre')
    await expect(told(page, 'The files were changed elsewhere; those changes and yours are merged.')).toHaveCount(0)
    await expect(editor.status).toHaveText('Saved')
    await page.keyboard.press('Control+z')
    await expect(editor.step('first')).toContainText('one')
    await expect(editor.step('third')).toContainText('tre')
  })

  test('while no branch is checked out no commit is offered, and the dialog says why', async ({ page, server }) => {
    await server.git('checkout', '--quiet', '--detach')
    const editor = await opened(page)
    await say(editor, 'first', 'uno')
    await page.keyboard.press('Control+s')
    await expect(page.getByRole('dialog', { name: 'Save' }).getByText('No branch of the git repository is checked out')).toBeVisible()
    await expect(page.getByRole('checkbox', { name: /Commit to git/ })).toHaveCount(0)
  })
})

test.describe('files that the page did not show', () => {
  const counting = (config: object) => text({ name: 'Counting', triggers: { start: { type: 'manual' } }, steps: { count: { type: 'script', ...config } } })
  const theirs = 'export default () => 1 // of another program\n'
  const tooLarge = `//${' '.repeat(1_100_000)}`
  test.use({
    setUp: {
      files: { 'counting.json': counting({ code: ['return 2'] }), 'count.ts': theirs, 'large-script.json': counting({ file: 'large.ts' }), 'large.ts': tooLarge, 'large.json': tooLarge },
    },
  })

  test('a new script of a name that is taken in the folder is shown before anything is written', async ({ page, server }) => {
    const editor = new Editor(page)
    await editor.open('counting')
    await editor.step('count').click()
    await page.getByRole('combobox', { name: 'Where the code stands' }).selectOption('A new TypeScript file …')
    await page.keyboard.press('Control+s')
    await page.getByRole('dialog', { name: 'Save' }).getByRole('button', { name: 'Save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed the same' })
    await expect(dialog.getByRole('group', { name: 'script › count.ts' })).toContainText('of another program')
    expect(await server.read('count.ts')).toBe(theirs)
    expect(await server.read('counting.json')).toBe(counting({ code: ['return 2'] }))

    await dialog.getByText('of another program').click()
    await dialog.getByRole('button', { name: 'Go on with this' }).click()
    await editor.save()
    expect(await server.read('count.ts')).toBe(theirs)
    expect(JSON.parse(await server.read('counting.json'))).toMatchObject({ steps: { count: { file: 'count.ts' } } })
  })

  test('what is too large to be shown says so, and is not edited', async ({ page, server }) => {
    const editor = new Editor(page)
    await editor.open('large-script')
    await editor.step('count').click()
    await expect(page.getByRole('alert').filter({ hasText: '"large.ts" is larger than 1024 KB' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Open the editor' })).toHaveCount(0)
    await page.goto('/workflows/large')
    await expect(page.getByRole('alert')).toContainText('"large.json" is larger than 1024 KB')
    expect(await server.read('large.ts')).toBe(tooLarge)
  })
})
