import { useRouteError } from 'react-router'
import { Page, Problem } from '@/ui/page'

/** In place of a page that threw. */
export function Broken() {
  const error = useRouteError()
  return (
    <Page title="Something broke">
      <Problem sentences={[sentence(error), 'Nothing on the server was changed by this.']} onRetry={() => window.location.reload()} />
    </Page>
  )
}

/** A page is read when it is first gone to; after an update of the server its old file is gone. */
function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.includes('dynamically imported module') ? 'This page could not be read: the server has been updated, or cannot be reached.' : message
}
