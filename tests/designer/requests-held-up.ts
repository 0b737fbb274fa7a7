import type { Page } from '@playwright/test'

/** Holds up what the page asks for at a path, but previews, until the function that it gives is called. */
export async function holdUp(page: Page, path: string): Promise<() => void> {
  let goOn = () => {}
  const told = new Promise<void>((resolve) => (goOn = resolve))
  await page.route(
    ({ pathname, searchParams }) => pathname === path && !searchParams.has('preview') && !searchParams.has('dryRun'),
    async (route) => {
      await told
      await route.continue()
    },
  )
  return goOn
}
