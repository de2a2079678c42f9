// Runs what has to start quickly, in a folder with a PKI and a request, and keeps the code that V8 made of it.
'use strict';

const { writeFileSync } = require('node:fs');
const path = require('node:path');

const { cacheFile, loadScript } = require(path.resolve(process.argv[2], 'load.cjs'));

async function makeCache() {
  const { exports: program, script } = loadScript();
  const common = ['--dir', 'pki', '--log', 'log'];
  const lines = [
    ['sign', '-b', 'host', ...common],
    ['fingerprint', 'host-req.pem', ...common],
  ];
  for (const line of lines) {
    const status = await program.main(line);
    if (status !== 0) throw new Error(`${line.join(' ')}: exit status ${status}`);
  }
  writeFileSync(cacheFile, script.createCachedData());
}

makeCache();
