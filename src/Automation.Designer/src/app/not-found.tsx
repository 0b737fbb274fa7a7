import { Link } from 'react-router'
import { Empty, Page } from '@/ui/page'

export function NotFound() {
  return (
    <Page title="Not found">
      <Empty title="There is no page at this address.">
        <Link to="/workflows">Go to the workflows</Link>
      </Empty>
    </Page>
  )
}
