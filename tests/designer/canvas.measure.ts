import type { CDPSession, Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { during, said, sessionOf } from './frames.ts'
import { largeWorkflow } from './large.ts'

test.use({ setUp: { files: { 'large.json': largeWorkflow(500), 'small.json': largeWorkflow(12) } } })

/** Drags the canvas about by its background for some 240 moves, one a frame. */
async function pan(page: Page, cdp: CDPSession): Promise<void> {
  await expect(page.locator('[data-moving]')).toHaveCount(0)
  const from = await page.evaluate(() => {
    const box = document.querySelector('.react-flow')?.getBoundingClientRect() ?? new DOMRect()
    for (let place = 0; place < 4_000; place++) {
      const [x, y] = [box.x + box.width * (0.3 + 0.4 * ((place * 0.618) % 1)), box.y + box.height * (0.3 + 0.4 * ((place * 0.414) % 1))]
      if (document.elementFromPoint(x, y)?.classList.contains('react-flow__pane')) return { x, y }
    }
    throw new Error('The steps leave no background to take hold of.')
  })
  await page.mouse.move(from.x, from.y)
  await page.mouse.down()
  for (let move = 0; move < 240; move++) {
    await cdp.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: from.x + Math.sin(move / 30) * 250, y: from.y + Math.sin(move / 20) * 120, button: 'left', buttons: 1 })
    await page.evaluate(() => new Promise(requestAnimationFrame))
  }
  await page.mouse.up()
}

/** Turns the wheel over the middle of the canvas, in and out. */
async function zoom(page: Page, cdp: CDPSession): Promise<void> {
  const box = await page.locator('.react-flow').boundingBox()
  for (let turn = 0; turn < 160; turn++) {
    await cdp.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x: (box?.x ?? 0) + (box?.width ?? 0) / 2, y: (box?.y ?? 0) + (box?.height ?? 0) / 2, deltaX: 0, deltaY: turn % 80 < 40 ? -16 : 16, modifiers: 2 })
    await page.evaluate(() => new Promise(requestAnimationFrame))
  }
}

for (const name of ['small', 'large']) {
  test(`${name} workflow`, async ({ page }) => {
    const cdp = await sessionOf(page)
    const begun = Date.now()
    await page.goto(`/workflows/${name}`)
    await expect(page.locator('.react-flow__node').first()).toBeVisible()
    console.log(`\n${name}: drawn ${Date.now() - begun} ms after the address was entered`)
    await expect(page.getByText('No problems')).toBeVisible()
    console.log(said('pan as it opens', await during(page, cdp, () => pan(page, cdp))))
    await page.getByRole('button', { name: 'Zoom to fit' }).click()
    await expect(page.locator('.react-flow__node').first()).toBeVisible()
    console.log(said('pan with all in view', await during(page, cdp, () => pan(page, cdp))))
    console.log(said('zoom', await during(page, cdp, () => zoom(page, cdp))))
  })
}
