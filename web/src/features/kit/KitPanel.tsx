// Everything that a student needs to connect, with copy buttons, and the steps for psql and for DBeaver.

import { PasswordInput, Tabs } from '@mantine/core'
import type { Kit } from '@/api/types'
import { CopyAction, CopyField } from '@/ui/Copy'
import classes from './KitPanel.module.css'

export function KitPanel({ kit, passwordNote }: { kit: Kit; passwordNote?: string }) {
  const host = kit.hosts[0]
  return (
    <div className={classes.kit}>
      <dl className={classes.facts}>
        <Item label="Host" value={kit.hosts.map((each) => each.host).join(', ')} />
        <Item label="Port" value={[...new Set(kit.hosts.map((each) => each.port))].join(', ')} />
        <Item label="Database" value={kit.database} />
        <Item label="User" value={kit.login} />
        {kit.password != null ? (
          <div className={classes.fact}>
            <dt>Password</dt>
            <dd>
              <PasswordInput
                value={kit.password}
                readOnly
                size="xs"
                variant="unstyled"
                aria-label="Password"
                classNames={{ root: classes.secret ?? '', innerInput: 'mono' }}
              />
              <CopyAction value={kit.password} label="password" />
            </dd>
          </div>
        ) : (
          <div className={classes.fact}>
            <dt>Password</dt>
            <dd className="dim">{passwordNote ?? 'the one you have chosen'}</dd>
          </div>
        )}
      </dl>
      <Tabs defaultValue="psql" keepMounted={false} classNames={{ panel: classes.panel ?? '' }}>
        <Tabs.List>
          <Tabs.Tab value="psql">psql</Tabs.Tab>
          <Tabs.Tab value="dbeaver">DBeaver</Tabs.Tab>
          <Tabs.Tab value="code">Programs</Tabs.Tab>
          <Tabs.Tab value="files">Files</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="psql">
          <CopyField label="In a terminal" named="the psql command" value={kit.psql} />
          <p className="dim">
            It asks for the password. Inside, <code>\dt</code> lists your tables, <code>\d name</code> shows one,{' '}
            <code>\i file.sql</code> runs a file, <code>\q</code> leaves. With the two files of the tab “Files” in
            place it is just <code>psql service={serviceName(kit)}</code>.
          </p>
          {kit.verified && (
            <>
              <CopyField label="So that nobody can play the server" named="the psql command that checks the server" value={kit.verified.psql} />
              <p className="dim">
                First save{' '}
                <a
                  href={`data:application/x-pem-file;charset=utf-8,${encodeURIComponent(kit.verified.ca)}`}
                  download={kit.verified.ca_file}
                >
                  {kit.verified.ca_file}
                </a>{' '}
                and go to the folder where it is.
              </p>
            </>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="dbeaver">
          <ol className={classes.steps}>
            <li>
              Database → New Database Connection → PostgreSQL → Next. Connect by: <b>URL</b>.
            </li>
            <li>
              <CopyField label="JDBC URL" value={kit.jdbc} />
            </li>
            <li>
              Username <code>{kit.login}</code>, your password, then “Test Connection”. DBeaver offers to download its
              driver the first time.
            </li>
          </ol>
          {host && (
            <p className="dim">
              By host instead: host <code>{host.host}</code>, port <code>{host.port}</code>, database{' '}
              <code>{kit.database}</code>.
            </p>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="code">
          <CopyField label="Connection URI (libpq, Python, Node, Rust, Go)" value={kit.uri} />
          <CopyField label="JDBC" value={kit.jdbc} />
        </Tabs.Panel>
        <Tabs.Panel value="files">
          <CopyField label="~/.pg_service.conf" value={kit.service_file} wrap />
          {kit.pgpass_line && (
            <CopyField
              label="~/.pgpass"
              value={kit.pgpass_line}
              wrap
              hint={
                <>
                  On Linux and macOS: <code>chmod 600 ~/.pgpass</code>, else psql ignores it.
                </>
              }
            />
          )}
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}

function serviceName(kit: Kit): string {
  return /^\[(.+)\]/m.exec(kit.service_file)?.[1] ?? 'pglab'
}

function Item({ label, value }: { label: string; value: string }) {
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd>
        <code className="clip">{value}</code>
        <CopyAction value={value} label={label.toLowerCase()} />
      </dd>
    </div>
  )
}
