// What the dashboards must be, in the types of the @grafana/schema that package.json names. dashboards.mjs makes a JSON schema
// of it. The package has no type for a query of Prometheus: ours is the shared DataQuery and what its editor saves.
import type { DataQuery } from "@grafana/schema";
import type * as dashboard from "@grafana/schema/dist/esm/raw/dashboard/x/Dashboard_types.gen";
import type * as bargauge from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type * as timeseries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

export interface Dashboard extends Omit<dashboard.Dashboard, "panels"> {
  uid: string;
  panels: Array<AnyPanel | dashboard.RowPanel>;
}

interface Query extends DataQuery {
  expr: string;
  legendFormat: string;
  instant: boolean;
  range: boolean;
  format?: "table" | "time_series" | "heatmap";
}

interface PanelOf<Type extends string, Options, FieldConfig> extends Omit<dashboard.Panel, "type" | "options" | "targets" | "fieldConfig"> {
  type: Type;
  options: Options;
  targets: Query[];
  fieldConfig: {
    defaults: Omit<dashboard.FieldConfig, "custom"> & { custom?: FieldConfig };
    overrides: dashboard.FieldConfigSource["overrides"];
  };
}

type AnyPanel =
  | PanelOf<"stat", stat.Options, never>
  | PanelOf<"bargauge", bargauge.Options, never>
  | PanelOf<"timeseries", timeseries.Options, timeseries.FieldConfig>
  | PanelOf<"table", table.Options, table.FieldConfig>;
