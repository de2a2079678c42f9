// Runs what has to start quickly, in a folder with a PKI and a request, and keeps the code that V8 made of it.
'use strict';

const { writeFileSync } = require('node:fs');
const { cacheFile, loadProgram } = require('../bin/ovs-pki-ts.cjs');

async function makeCache() {
  const { main, script } = loadProgram();
  const common = ['--dir', 'pki', '--log', 'log'];
  for (const line of [
    ['sign', '-b', 'host', ...common],
    ['fingerprint', 'host-req.pem', ...common],
  ]) {
    const status = await main(line);
    if (status !== 0) throw new Error(`${line.join(' ')}: exit status ${status}`);
  }
  writeFileSync(cacheFile, script.createCachedData());
}

makeCache();
