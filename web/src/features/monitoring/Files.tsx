// The files that make the programs beside pglab know of it: for the SQL exporters, Prometheus and Grafana.

import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { exportersUrl, productFilesUrl } from '@/api/calls'
import { Section } from '@/ui/Blocks'
import { DownloadIcon } from '@/ui/icons'
import classes from './MonitoringPage.module.css'

export function FilesSection({ slug, mayExport }: { slug: string; mayExport: boolean }) {
  return (
    <Section title="Files" lead="Made for this pglab, with its address filled in. None of them is needed for the graphs above.">
      <ul className={classes.files}>
        {mayExport && (
          <Item title="SQL exporters" href={exportersUrl(slug)} download={`${slug}-exporters.zip`}>
            Report this lab’s checks without pglab, for both products of this name. They hold the passwords of the checkers’
            roles: let only the exporter’s account read them, and take them again when the roster changed.
          </Item>
        )}
        <Item title="Prometheus" href={productFilesUrl('prometheus')} download="pglab-prometheus.zip">
          Whom to scrape, recording rules, and alerts such as a stuck student, a full disk or a certificate that ends. It signs in
          with an admin’s token: <code className="nowrap">pglab token create --metrics</code>.
        </Item>
        <Item title="Grafana" href={productFilesUrl('grafana')} download="pglab-grafana.zip">
          The data source and four dashboards: class, student, tasks, PostgreSQL. For Grafana’s provisioning folder.
        </Item>
      </ul>
    </Section>
  )
}

function Item({ title, href, download, children }: { title: string; href: string; download: string; children: ReactNode }) {
  return (
    <li className={classes.file}>
      <div className="stack-tight">
        <h3>{title}</h3>
        <p className="dim">{children}</p>
      </div>
      <Button component="a" variant="default" href={href} download={download} leftSection={<DownloadIcon size={14} />} aria-label={`Download the files for ${title}`}>
        Download
      </Button>
    </li>
  )
}
