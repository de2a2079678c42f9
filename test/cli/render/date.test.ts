import { readFileSync } from 'node:fs';
import test from 'ava';
import { version } from '../../../src/cli/version.js';
import { projectRoot, run, runWell } from '../../support/programs.js';

const zones = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Asia/Kolkata',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Asia/Tokyo',
  'EST5EDT',
  '',
];
const times = [
  '2026-01-15T12:00:00Z',
  '2026-07-15T00:30:00Z',
  '2026-03-29T00:59:59Z',
  '2026-11-01T06:00:00Z',
  '2026-02-03T04:05:06Z',
];

test('Times of files are printed as date(1) prints them, in every zone, in summer and in winter', async (t) => {
  const script = `
    import { formatLocalDate } from ${JSON.stringify(new URL('../../../src/cli/render/date.js', import.meta.url).href)};
    for (const time of process.argv.slice(1)) console.log(formatLocalDate(new Date(time)));`;
  for (const TZ of zones) {
    const wanted = [];
    for (const time of times)
      wanted.push(await runWell('date', ['-d', time, '+%a %b %e %H:%M:%S %Z %Y'], { env: { TZ } }));
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script, ...times], { env: { TZ } });
    t.is(stdout, wanted.join(''), TZ);
  }
});

test('The version that the program tells is that of the package', (t) => {
  const manifest = JSON.parse(readFileSync(`${projectRoot}package.json`, 'utf8')) as { version: string };
  t.is(version, manifest.version);
});
