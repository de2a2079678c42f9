// templates/fleet.schema.json, from the schema that checks inventories: prints it to standard output.
import { toJsonSchema } from '@valibot/to-json-schema';
import { inventorySchema } from '../dist/deploy/inventory/schema.js';

const schema = toJsonSchema(inventorySchema, {
  target: 'draft-07',
  typeMode: 'input',
  errorMode: 'throw',
  // Checks in code have no words in JSON Schema; the descriptions say what they want.
  ignoreActions: ['check'],
});
process.stdout.write(
  `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...schema }, undefined, 2)}\n`,
);
