import {
  ArrowDown10, CalendarClock, ChartLine, ChartNoAxesColumn, CircleStop, Cloud, Code, CopyX, CreditCard, Database, Diff, Filter, Gauge, GitBranch, Globe, Hash, Hourglass, House, Mail, Merge, MessageCircle,
  MessageCircleQuestionMark, MessageSquare, MousePointerClick, NotebookText, OctagonX, Plug, PlugZap, Radio, RadioTower, Repeat, Repeat2, Reply, Route, ScrollText, Search, Send, Sheet, ShieldCheck, ShoppingBag,
  Siren, Smartphone, Split, SquareKanban, Thermometer, Timer, UserCheck, Users, Variable, VolumeX, Webhook, Workflow, type LucideIcon,
} from 'lucide-react'
import styles from './step-icon.module.css'

// The icons that the catalogue and the connectors name; all of Lucide would be a megabyte. The brands that Lucide no longer draws have a stand-in.
const icons: Readonly<Record<string, LucideIcon>> = {
  'arrow-down-1-0': ArrowDown10, 'calendar-clock': CalendarClock, 'chart-line': ChartLine, 'chart-no-axes-column': ChartNoAxesColumn, 'circle-stop': CircleStop, cloud: Cloud, code: Code, 'copy-x': CopyX,
  'credit-card': CreditCard, database: Database, diff: Diff, filter: Filter, gauge: Gauge, github: GitBranch, gitlab: GitBranch, globe: Globe, hourglass: Hourglass, house: House, mail: Mail, merge: Merge, 'message-circle': MessageCircle,
  'message-circle-question-mark': MessageCircleQuestionMark, 'message-square': MessageSquare, 'mouse-pointer-click': MousePointerClick, 'notebook-text': NotebookText, 'octagon-x': OctagonX, plug: Plug, 'plug-zap': PlugZap,
  radio: Radio, 'radio-tower': RadioTower, repeat: Repeat, 'repeat-2': Repeat2, reply: Reply, route: Route, 'scroll-text': ScrollText, search: Search, send: Send, sheet: Sheet, 'shield-check': ShieldCheck,
  'shopping-bag': ShoppingBag, siren: Siren, slack: Hash, smartphone: Smartphone, split: Split, 'square-kanban': SquareKanban, thermometer: Thermometer, timer: Timer, 'user-check': UserCheck, users: Users, variable: Variable,
  'volume-x': VolumeX, webhook: Webhook, workflow: Workflow,
}

/** The icon of a step or trigger type on a tile in its category's colour. */
export function StepIcon({ icon, category, size = 'normal' }: { icon: string | undefined; category: string | undefined; size?: 'normal' | 'small' }) {
  const Icon = icons[icon ?? ''] ?? Plug
  return (
    <span className={styles.tile} data-category={category} data-size={size}>
      <Icon aria-hidden />
    </span>
  )
}
