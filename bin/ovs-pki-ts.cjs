#!/usr/bin/env node
'use strict';

const { loadProgram } = require('../dist/program/load.cjs');

loadProgram()
  .main(process.argv.slice(2))
  .then(
    (exitStatus) => {
      process.exitCode = exitStatus;
    },
    (error) => {
      process.stderr.write(`ovs-pki-ts: this is a bug, please report it: ${error?.stack ?? error}\n`);
      process.exitCode = 1;
    },
  );
