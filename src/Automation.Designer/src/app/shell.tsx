import { useQuery } from '@tanstack/react-query'
import { LogOut, Monitor, Moon, Sun } from 'lucide-react'
import { useEffect, useState, type FormEvent } from 'react'
import { NavLink, Outlet } from 'react-router'
import { followSignOut, me, signOut } from '@/api/me'
import { IconButton } from '@/ui/button'
import { places } from './places'
import styles from './shell.module.css'
import { nextTheme, setTheme, theme } from './theme'

export function Shell() {
  useEffect(followSignOut, [])
  return (
    <div className={styles.shell}>
      <a href="#main" className={styles.skip}>
        Skip to the content
      </a>
      <nav aria-label="Main" className={styles.nav}>
        <NavLink to="/" className={styles.brand ?? ''}>
          <img src="/icon.svg" alt="" width={24} height={24} />
          Automation
        </NavLink>
        {places.map(({ group, places: inGroup }) => (
          <div key={group} role="group" aria-label={group} className={styles.group}>
            <p aria-hidden>{group}</p>
            {inGroup.map(({ to, label, icon: Icon }) => (
              <NavLink key={to} to={to} className={styles.place ?? ''}>
                <Icon aria-hidden />
                {label}
              </NavLink>
            ))}
          </div>
        ))}
        <div className={styles.gap} />
        <Account />
      </nav>
      <main id="main" tabIndex={-1} className={styles.main}>
        <Outlet />
      </main>
    </div>
  )
}

function Account() {
  const caller = useQuery(me).data
  const leave = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    signOut().catch(() => form.submit()) // the browser says what is wrong
  }
  return (
    <div className={styles.account}>
      <div className={styles.who}>
        <span>{caller?.name ?? ' '}</span>
        <small>{caller?.role ?? ' '}</small>
      </div>
      <ThemeButton />
      <form method="post" action="/sign-out" onSubmit={leave}>
        <IconButton label="Sign out" type="submit">
          <LogOut aria-hidden />
        </IconButton>
      </form>
    </div>
  )
}

function ThemeButton() {
  const [current, setCurrent] = useState(theme)
  const Icon = { system: Monitor, light: Sun, dark: Moon }[current]
  const change = () => {
    const next = nextTheme(current)
    setTheme(next)
    setCurrent(next)
  }
  return (
    <IconButton label={`Theme: ${current}`} onClick={change}>
      <Icon aria-hidden />
    </IconButton>
  )
}
