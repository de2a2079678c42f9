/**
 * What `check` found, for the textfile collector of Prometheus' node exporter.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 * @module
 */

import { masked } from '../../platform/visible.js';
import { type CheckResult, type CheckRule, checkRules } from '../../usecases/check/check.js';

type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [labels: Labels, value: number];

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export function prometheusText(result: CheckResult): string {
  return metricsText([...endMetrics(result), ...reasonMetrics(result)]);
}

export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, help, samples }) => {
      // The same series twice would make the whole file unreadable; labels can be the same once they are masked.
      const series = new Map(samples.map(([labels, value]) => [`${name}${labelText(labels)}`, value]));
      const lines = [...series].map(([labelled, value]) => `${labelled} ${value}\n`);
      return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
    })
    .join('');
}

function endMetrics({ authorities, newest }: CheckResult): Metric[] {
  return [
    {
      name: 'ovs_pki_certificate_expiry_timestamp_seconds',
      help: 'When the last certificate of a name ends.',
      samples: [...newest()].map(({ type, name, notAfter }) => [{ type, name }, notAfter.getTime() / 1000]),
    },
    {
      name: 'ovs_pki_ca_certificate_expiry_timestamp_seconds',
      help: 'When the certificate of a CA ends.',
      samples: authorities.map(({ type, notAfter }) => [{ type }, Date.parse(notAfter) / 1000]),
    },
    {
      name: 'ovs_pki_crl_next_update_timestamp_seconds',
      help: 'When the next CRL of a CA is due.',
      samples: authorities.flatMap(({ type, crlNextUpdate }): Sample[] =>
        crlNextUpdate === undefined ? [] : [[{ type }, Date.parse(crlNextUpdate) / 1000]],
      ),
    },
    {
      name: 'ovs_pki_certificates',
      help: 'How many certificates a CA has issued, by what they are now.',
      samples: authorities.flatMap(({ type, certificates }) =>
        Object.entries(certificates).map(([state, value]): Sample => [{ type, state }, value]),
      ),
    },
  ];
}

function reasonMetrics({ reasons, checkedAt, unchecked }: CheckResult): Metric[] {
  const rules = Object.keys(checkRules) as CheckRule[];
  const count = (rule: CheckRule, severity: string) =>
    reasons.filter((reason) => reason.rule === rule && reason.severity === severity).length;
  return [
    {
      name: 'ovs_pki_check_reasons',
      help: 'How much is due or wrong, by rule.',
      samples: rules.flatMap((rule): Sample[] =>
        ['warning', 'critical'].map((severity) => [{ rule, severity }, count(rule, severity)]),
      ),
    },
    {
      name: 'ovs_pki_check_reason',
      help: 'One thing that is due or wrong.',
      samples: reasons.map(({ rule, severity, about, type = '' }) => [{ rule, severity, type, about }, 1]),
    },
    {
      name: 'ovs_pki_check_unchecked',
      help: 'How much could not be looked at.',
      samples: [[{}, unchecked.length]],
    },
    {
      name: 'ovs_pki_check_timestamp_seconds',
      help: 'When this was found.',
      samples: [[{}, Date.parse(checkedAt) / 1000]],
    },
  ];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Backslash, quote and line end, as the format wants it; no other control character belongs into a label either. */
function escaped(value: string): string {
  const lines = value.split('\n').map((line) => masked(line).replaceAll('\\', '\\\\').replaceAll('"', '\\"'));
  return lines.join('\\n');
}
