import type { ReactNode } from 'react'
import { useRefusal, type Role } from '@/api/me'
import { Empty, Page } from '@/ui/page'
import { SettingsTabs } from './settings-tabs'

interface SettingsPageProps {
  title: string
  hint: string
  /** The role that the server asks for. */
  needs: Role
  actions?: ReactNode
  tools?: ReactNode
  children: ReactNode
}

/** A page of the settings; who may not see it is told why. */
export function SettingsPage({ title, hint, needs, actions, tools, children }: SettingsPageProps) {
  const refusal = useRefusal(needs)
  return (
    <Page title={title} heading="Settings" hint={hint} tabs={<SettingsTabs />} actions={refusal ? null : actions} tools={refusal ? null : tools}>
      {refusal ? <Empty title="You may not see this.">{refusal} An admin can give you another role.</Empty> : children}
    </Page>
  )
}
