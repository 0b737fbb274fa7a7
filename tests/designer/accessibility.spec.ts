import type { Page } from '@playwright/test'
import axe from 'axe-core'
import { Editor } from './editor.ts'
import { expect, test } from './fixtures.ts'
import { coldStore, found, live, open, pages } from './places.ts'

test.use({ setUp: { files: coldStore, secrets: { TOOL: 'It is a secret to everybody' } } })
test.setTimeout(300_000) // each test goes through all pages

/** What axe calls serious or critical, and where. @param rules Those to look at: all unless given. */
async function seriousProblems(page: Page, rules?: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source) // not by a script element: the pages' policy allows only the server's own
  return page.evaluate(async (only) => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'], ...(only ? { runOnly: only } : {}) })
    return violations
      .filter((each) => each.impact === 'serious' || each.impact === 'critical')
      .flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.target.join(' ')}: ${node.failureSummary?.split('\n')[1]?.trim()}`))
  }, rules)
}

/** In light, and in dark what depends on colours; each once it is drawn in them. */
async function check(page: Page, name: string): Promise<void> {
  const soft = expect.configure({ soft: true })
  await page.emulateMedia({ colorScheme: 'light' })
  await soft.poll(() => seriousProblems(page), { message: `${name}, light` }).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  await soft.poll(() => seriousProblems(page, ['color-contrast']), { message: `${name}, dark` }).toEqual([])
}

test('axe finds no serious problem on any page', async ({ page, server, receiver }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await live(server, receiver)
  const at = await found(server)
  for (const [name, path] of Object.entries(pages)) {
    await open(page, at(path))
    await check(page, name)
  }
})

test('axe finds no serious problem in what opens: dialogs, menus, the palette, the JSON view, the script editor', async ({ page, server, receiver }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await live(server, receiver)
  const at = await found(server)
  const editor = new Editor(page)
  const dialog = page.getByRole('dialog')
  const checkDialog = async (name: string) => {
    await expect(dialog).toBeVisible()
    await check(page, name)
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)
  }

  await open(page, '/workflows/cold-room')
  await editor.step('warm').click()
  await page.keyboard.press('a')
  await expect(editor.palette).toBeVisible()
  await check(page, 'palette')
  await page.keyboard.press('Escape')
  for (const [key, name] of [['c', 'connect'], ['Control+k', 'command palette'], ['?', 'keyboard shortcuts'], ['Control+Enter', 'run by hand']] as const) {
    await editor.step('warm').click()
    await page.keyboard.press(key)
    await checkDialog(name)
  }
  await editor.step('message').click()
  await page.keyboard.press('e')
  await expect(page.getByRole('textbox', { name: 'Script of message' })).toBeVisible()
  await check(page, 'script editor')
  await page.keyboard.press('Escape')
  await editor.step('message').click()
  await page.keyboard.press('d')
  await page.keyboard.press('Control+s')
  await checkDialog('save')
  await page.keyboard.press('Control+j')
  await expect(page.getByRole('textbox', { name: 'The workflow as JSON' })).toBeVisible()
  await check(page, 'JSON view')

  for (const [path, button, name] of [
    ['/runs', 'Retry failed runs', 'retry failed runs'],
    ['/requests', 'Capture a path', 'capture a path'],
    ['/endpoints', 'Register an endpoint', 'register an endpoint'],
    ['/state/cold-room/meat', 'Change', 'state of a key'],
    ['/mqtt', 'Publish', 'publish'],
    ['/settings/secrets', 'Set a secret', 'set a secret'],
    ['/settings/users', 'Make a user', 'make a user'],
    ['/workflows', 'New workflow', 'new workflow'],
  ] as const) {
    await open(page, path)
    await page.getByRole('button', { name: button, exact: true }).first().click()
    await checkDialog(name)
  }
  await open(page, at('/runs/{failedRun}'))
  await page.getByRole('button', { name: 'More actions' }).click()
  await expect(page.getByRole('menu')).toBeVisible()
  await check(page, 'menu')
})

test('the pages outside the designer, for those who are not signed in, have no serious problem', async ({ page, context }) => {
  await context.clearCookies()
  await page.goto('/sign-in')
  await expect(page.getByLabel('Name')).toBeVisible()
  expect(await seriousProblems(page)).toEqual([])
})

test('what can be clicked can be reached with the keyboard, and shows that it is', async ({ page, server, receiver }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' }) // what changes does so at once
  await live(server, receiver)
  const at = await found(server)
  for (const [name, path] of Object.entries(pages)) {
    await open(page, at(path))
    // What looks like something to click on is, holds, or belongs to something that takes the focus.
    const unreachable = await page.evaluate(() => {
      const focusable = 'a[href], button, input, select, textarea, summary, label, [tabindex], [contenteditable=true]'
      return [...document.querySelectorAll<HTMLElement>('body *')]
        .filter((each) => getComputedStyle(each).cursor === 'pointer' && each.checkVisibility() && !each.closest(`:is(${focusable}):not([data-canvas])`) && !each.querySelector(focusable))
        .map((each) => each.outerHTML.slice(0, 120))
    })
    expect.soft(unreachable, name).toEqual([])

    const hidden: string[] = []
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab')
      const seen = await page.evaluate(() => {
        const focused = document.activeElement as HTMLElement
        const look = () => {
          const { outline, boxShadow, borderColor, backgroundColor } = getComputedStyle(focused)
          return [outline, boxShadow, borderColor, backgroundColor].join()
        }
        const withFocus = look()
        focused.blur()
        const without = look()
        focused.focus()
        return focused === document.body || withFocus !== without || focused.matches('.cm-content') ? '' : focused.outerHTML.slice(0, 120)
      })
      if (seen) hidden.push(seen)
    }
    expect.soft(hidden, `${name}: focus that cannot be seen`).toEqual([])
  }
})

test('nothing moves for those who asked for less motion', async ({ page, server, receiver }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await live(server, receiver)
  const at = await found(server)
  for (const name of ['Editor', 'Runs', 'Waiting run', 'Dashboard']) {
    await open(page, at(pages[name] ?? ''))
    const moving = await page.evaluate(() =>
      [...document.querySelectorAll('body *')]
        .filter((each) => {
          const { animationName, animationDuration, transitionDuration } = getComputedStyle(each)
          return (animationName !== 'none' && parseFloat(animationDuration) > 0.02) || transitionDuration.split(',').some((time) => parseFloat(time) > 0.02)
        })
        .map((each) => each.outerHTML.slice(0, 120)),
    )
    expect.soft(moving, name).toEqual([])
  }
})
